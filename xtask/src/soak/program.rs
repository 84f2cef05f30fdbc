//! The program under test: started, listened to, ended.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Failed;

/// How one life of the program goes.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub mode: &'static str,
    pub interval: Duration,
    pub max_staleness: Duration,
    /// In any minute.
    pub budget: u32,
    /// Of a request to 8x8.
    pub timeout: Duration,
    /// Of a scrape.
    pub patience: Duration,
    /// How many scrapes may wait at once.
    pub max_requests: u32,
}

/// The name of its configuration's file.
const CONFIG: &str = "config.yml";

/// Writes what a reload can change.
pub(crate) fn write_config(files: &Path, timeout: Duration) -> Result<(), Failed> {
    let timeout = timeout.as_secs();
    let text = format!("api: {{timeout: {timeout}s}}\n");
    Ok(std::fs::write(files.join(CONFIG), text)?)
}

/// See the module. It is killed when it is dropped.
pub(crate) struct Program {
    child: Child,
    /// Of its metrics.
    pub url: String,
}

impl Program {
    /// Starts the program that was built beside this one.
    pub(crate) fn start(
        api: &str,
        files: &Path,
        options: &Options,
        panics: &Arc<AtomicU64>,
    ) -> Result<Program, Failed> {
        let own = std::env::current_exe()?;
        let seconds = |time: Duration| format!("{}s", time.as_secs());
        let file = |name: &str| files.join(name).display().to_string();
        write_config(files, options.timeout)?;
        let arguments = [
            ("web.listen-address", "127.0.0.1:0".to_owned()),
            ("web.max-requests", options.max_requests.to_string()),
            ("config.file", file(CONFIG)),
            ("api.url", api.to_owned()),
            ("api.key-file", file("key")),
            ("api.username-file", file("user")),
            ("api.password-file", file("password")),
            ("api.max-requests-per-minute", options.budget.to_string()),
            ("collect.time-zone", "Europe/London".to_owned()),
            ("collect.mode", options.mode.to_owned()),
            ("collect.interval", seconds(options.interval)),
            ("collect.max-staleness", seconds(options.max_staleness)),
        ];
        let mut child = Command::new(own.with_file_name("eightxeight-exporter"))
            .arg("serve")
            .args(arguments.map(|(name, value)| format!("--{name}={value}")))
            .stderr(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no log")?).lines();
        let address = loop {
            let line = lines.next().ok_or("it ended at once")??;
            if let Some((_, rest)) = line.split_once(" address=") {
                break rest.split(' ').next().unwrap_or_default().to_owned();
            }
        };
        let panics = panics.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if line.contains("panicked") {
                    eprintln!("{line}");
                    panics.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        let url = format!("http://{address}/metrics");
        Ok(Program { child, url })
    }

    /// Whether it runs still.
    pub(crate) fn runs(&mut self) -> Result<bool, Failed> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) -> Result<(), Failed> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-s", name, &id]).status()?;
        Ok(())
    }

    /// Ends it without a word.
    pub(crate) fn kill(&mut self) -> Result<(), Failed> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end; whether it does so `within` this time, and content.
    pub(crate) async fn terminate(&mut self, within: Duration) -> Result<bool, Failed> {
        self.signal("TERM")?;
        let told = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                if !status.success() {
                    eprintln!("it ended with {status}");
                }
                return Ok(status.success());
            }
            if told.elapsed() > within {
                eprintln!("it doesn't end");
                self.kill()?;
                return Ok(false);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
