//! What all lives of the program share: the simulator, the files with its secrets, the dice.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use eightxeight_simulator::{Credentials, Lockout, Settings, Simulator};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tempfile::TempDir;

use super::Failed;
use super::line::Line;
use super::tally::Tally;

/// See the module.
pub(crate) struct World {
    pub simulator: Simulator,
    /// From the program to the simulator.
    pub line: Line,
    pub dice: StdRng,
    pub seed: u64,
    /// How much faster than the machine's the clock is.
    factor: u32,
    pub panics: Arc<AtomicU64>,
    pub tally: Tally,
    /// Passwords are numbered, so that each is a new one.
    passwords: u64,
    files: TempDir,
}

impl World {
    pub(crate) async fn new(seed: u64, factor: u32) -> Result<World, Failed> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut settings = Settings::new(Credentials::random());
        // The most patient policy that 8x8 documents.
        settings.customers[0].lockout = Some(Lockout {
            after: 10,
            lasting: Duration::from_hours(1),
        });
        let simulator = Simulator::start(settings).await?;
        let world = World {
            line: Line::to(simulator.address()).await?,
            simulator,
            dice: StdRng::seed_from_u64(seed),
            seed,
            factor,
            panics: Arc::default(),
            tally: Tally::default(),
            passwords: 0,
            files: tempfile::tempdir()?,
        };
        let credentials = world.simulator.credentials();
        std::fs::write(world.secret("key"), credentials.api_key)?;
        std::fs::write(world.secret("user"), credentials.username)?;
        world.write_password(&credentials.password)?;
        Ok(world)
    }

    /// What the machine's own delays can look like by this clock: other programs can take it for some tenths of a second.
    pub(crate) fn slack(&self) -> Duration {
        Duration::from_millis(500) * self.factor
    }

    /// Whether the machine's delays are too small to be seen, so that deadlines can be judged.
    pub(crate) fn is_exact(&self) -> bool {
        self.factor == 1
    }

    /// By the fast clock the budget is judged over ten minutes, beside which the machine's delays are small.
    pub(crate) fn budget_minutes(&self) -> u32 {
        if self.is_exact() { 1 } else { 10 }
    }

    /// Where the program asks.
    pub(crate) fn api(&self) -> String {
        let simulator = self.simulator.address().to_string();
        let line = self.line.address().to_string();
        self.simulator.url().replace(&simulator, &line)
    }

    pub(crate) fn secret(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    pub(crate) fn files(&self) -> &Path {
        self.files.path()
    }

    /// Puts a text where the password belongs, all at once as a rotation should.
    pub(crate) fn write_password(&self, text: &str) -> Result<(), Failed> {
        let new = self.secret("new");
        std::fs::write(&new, text)?;
        Ok(std::fs::rename(new, self.secret("password"))?)
    }

    /// The password becomes another one at 8x8, and no token is good any more. The file has the old one still.
    pub(crate) fn change_password(&mut self) {
        self.passwords += 1;
        let changed = Credentials {
            password: format!("password-{}-{}", self.seed, self.passwords),
            ..self.simulator.credentials()
        };
        self.simulator.customer().set_credentials(changed);
        self.simulator.tokens().revoke_all();
    }
}
