//! A library of 20,000: the first sync with no compiled connector, then runs with nothing new.

use crate::apple::Apple;
use crate::camroll::Camroll;
use crate::figures::{Figures, megabytes};
use crate::icloudpd::Icloudpd;
use crate::process::Setting;

const FILES: u64 = 20_000;
const SIZE: u64 = 2_000;

pub fn run(setting: &Setting) -> anyhow::Result<()> {
    println!("## {FILES} assets of {SIZE} bytes\n");
    let folder = tempfile::tempdir()?;
    let authority = folder.path().join("authority.pem");
    let apple = Apple::start(setting, FILES, SIZE, 0, &authority)?;
    let camroll = Camroll::new(setting, &apple, &folder.path().join("camroll"), &authority)?;
    let icloudpd = Icloudpd::new(setting, &apple, &folder.path().join("icloudpd"), &authority)?;
    println!("| run | wall | CPU | peak memory | requests |\n|---|---|---|---|---|");
    let (mut wall, mut cpu, mut memory) = <(Figures, Figures, Figures)>::default();
    for _ in 0..setting.rounds.min(3) {
        camroll.forget()?;
        camroll.forget_code()?;
        let used = camroll.sync()?;
        wall.push(used.seconds);
        cpu.push(used.cpu);
        memory.push(megabytes(used.memory));
    }
    println!(
        "| camroll, first, code cache cold | {} | {} | {} | |",
        wall.told("s", 1),
        cpu.told("s", 1),
        memory.told("MB", 0)
    );
    let first = icloudpd.sync()?;
    println!(
        "| icloudpd, first (once) | {:.1} s | {:.1} s | {:.0} MB | |",
        first.seconds,
        first.cpu,
        megabytes(first.memory)
    );
    let mut figures: [Figures; 9] = Default::default();
    for _ in 0..setting.rounds {
        let before = apple.requests()?;
        let ours = camroll.sync()?;
        let between = apple.requests()?;
        let theirs = icloudpd.sync()?;
        let after = apple.requests()?;
        let all = [
            ours.seconds,
            ours.cpu,
            megabytes(ours.memory),
            (between - before) as f64,
            theirs.seconds,
            theirs.cpu,
            megabytes(theirs.memory),
            (after - between) as f64,
            theirs.seconds / ours.seconds,
        ];
        for (figure, value) in figures.iter_mut().zip(all) {
            figure.push(value);
        }
    }
    for (name, at) in [("camroll", 0), ("icloudpd", 4)] {
        println!(
            "| {name}, nothing new | {} | {} | {} | {:.0} |",
            figures[at].told("s", 3),
            figures[at + 1].told("s", 3),
            figures[at + 2].told("MB", 0),
            figures[at + 3].median(),
        );
    }
    println!("\nNothing new: {} faster.\n", figures[8].told("×", 0));
    Ok(())
}
