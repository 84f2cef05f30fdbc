//! Writes the dashboards as the exporter serves them, ready to be imported, into a folder:
//! `cargo run --example dashboards -- FOLDER`.

use std::path::Path;
use std::{env, fs, io};

use eightxeight_exporter::web::DASHBOARDS;

fn main() -> io::Result<()> {
    let folder = env::args_os()
        .nth(1)
        .ok_or_else(|| io::Error::other("usage: cargo run --example dashboards -- FOLDER"))?;
    fs::create_dir_all(&folder)?;
    for dashboard in &DASHBOARDS {
        let name = Path::new(dashboard.path).file_name().unwrap_or_default();
        fs::write(Path::new(&folder).join(name), dashboard.importable()?)?;
    }
    Ok(())
}
