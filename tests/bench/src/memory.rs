//! What one large file costs in memory: a library of one photo of 1 MB, and of one of 1 GiB.

use crate::apple::Apple;
use crate::camroll::Camroll;
use crate::figures::{Figures, megabytes};
use crate::process::Setting;

pub fn run(setting: &Setting) -> anyhow::Result<()> {
    println!("## Peak memory by the size of one file\n\n| one photo of | peak memory |\n|---|---|");
    let mut medians = Vec::new();
    for (name, size) in [("1 MB", 1_000_000), ("1 GiB", 1 << 30)] {
        let folder = tempfile::tempdir()?;
        let authority = folder.path().join("authority.pem");
        let apple = Apple::start(setting, 1, size, 0, &authority)?;
        let camroll = Camroll::new(setting, &apple, &folder.path().join("camroll"), &authority)?;
        let mut memory = Figures::default();
        for _ in 0..setting.rounds {
            camroll.forget()?;
            memory.push(megabytes(camroll.sync()?.memory));
        }
        println!("| {name} | {} |", memory.told("MB", 1));
        medians.push(memory.median());
    }
    println!("\nMore for the large one: {:.1} MB.\n", medians[1] - medians[0]);
    Ok(())
}
