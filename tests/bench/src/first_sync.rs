//! The first sync of 2,000 files of 130 kB, with no delay and with 40 ms before each answer: camroll and icloudpd in turn.

use crate::apple::Apple;
use crate::camroll::Camroll;
use crate::figures::{Figures, megabytes};
use crate::icloudpd::Icloudpd;
use crate::process::Setting;

const FILES: u64 = 2_000;
const SIZE: u64 = 130_000;

pub fn run(setting: &Setting) -> anyhow::Result<()> {
    println!("## First sync of {FILES} files of {SIZE} bytes\n");
    println!(
        "| delay of each answer | camroll | icloudpd | icloudpd's start alone | times faster | … without its start | camroll's memory | icloudpd's memory | camroll's CPU | icloudpd's CPU |\n|---|---|---|---|---|---|---|---|---|---|"
    );
    // Deleted at the end of all: camroll::empty says why.
    let folders = [tempfile::tempdir()?, tempfile::tempdir()?];
    for (latency, folder) in [0, 40].into_iter().zip(&folders) {
        let authority = folder.path().join("authority.pem");
        let apple = Apple::start(setting, FILES, SIZE, latency, &authority)?;
        let camroll = Camroll::new(setting, &apple, &folder.path().join("camroll"), &authority)?;
        let icloudpd = Icloudpd::new(setting, &apple, &folder.path().join("icloudpd"), &authority)?;
        let mut figures: [Figures; 8] = Default::default();
        for _ in 0..setting.rounds {
            camroll.forget()?;
            let ours = camroll.sync()?;
            icloudpd.forget()?;
            let theirs = icloudpd.sync()?;
            let start = icloudpd.start_only()?;
            let all = [
                ours.seconds,
                theirs.seconds,
                start.seconds,
                theirs.seconds - start.seconds,
                megabytes(ours.memory),
                megabytes(theirs.memory),
                ours.cpu,
                theirs.cpu,
            ];
            for (figure, value) in figures.iter_mut().zip(all) {
                figure.push(value);
            }
        }
        let [ours, theirs, start, net, our_memory, their_memory, our_cpu, their_cpu] = &figures;
        println!(
            "| {latency} ms | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            ours.told("s", 2),
            theirs.told("s", 2),
            start.told("s", 2),
            theirs.ratios(ours).told("×", 1),
            net.ratios(ours).told("×", 1),
            our_memory.told("MB", 0),
            their_memory.told("MB", 0),
            our_cpu.told("s", 2),
            their_cpu.told("s", 2),
        );
    }
    println!();
    Ok(())
}
