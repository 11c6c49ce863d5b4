//! One spec, once: changes → catalogue → plan → transfer → commit → receipt.
//!
//! It never asks for a connector's name, never prints, and never takes a listing's silence for a deletion. What is done is always the difference between what the spec wants of
//! the catalogue and what is placed; the source's cursor says only how far it was heard.
#![forbid(unsafe_code)]

mod adopt;
mod albums;
mod allowance;
mod annotate;
mod approval;
mod archive;
mod begun;
mod candidates;
mod clock;
mod commit;
mod connections;
mod context;
mod copies;
mod digests;
mod doctor;
mod exit;
mod failure;
mod fetch;
mod hear;
mod heard;
mod identity;
mod lane;
mod link;
mod manifest;
mod manifest_reader;
mod preview;
mod progress;
mod reading;
mod recover;
mod resting;
mod restore;
mod run;
mod space;
mod spot;
mod stop;
mod survey;
mod transfer;
mod trouble;
mod verify;

pub use adopt::{AdoptReport, AdoptRequest, adopt};
pub use albums::Memberships;
pub use approval::{Approval, SavedPlan, SpecPlan};
pub use connections::{Bundle, OpenError, Opener};
pub use context::{Mode, Relayout};
pub use copies::{Below, CopiesReport, CopiesRequest, CopyPlace, copies};
pub use doctor::{Finding, Verdict, examine_destination, examine_source, examine_state};
pub use exit::Exit;
pub use failure::Failure;
pub use link::BREAKER_OPEN;
pub use preview::{Preview, PreviewAction};
pub use progress::{Arrival, Event, Progress, Silent};
pub use restore::{Choice, FiltersChoice, Knowledge, RestoreReport, RestoreRequest, restore};
pub use run::{RunReport, RunRequest, run};
pub use stop::{Stop, StopRequest};
pub use verify::{Depth, Mending, Mismatch, Repair, VerifyReport, VerifyRequest, verify};
