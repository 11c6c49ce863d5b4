//! The source's side of a file: where its bytes are, and the bytes. A sidecar's are made here: nobody is asked for it.

use bytes::Bytes;
use camroll_host::{Intake, Proven};
use camroll_model::{Algorithm, ConnectorError, Digest, ErrorClass, Located};
use camroll_plan::{is_sidecar, sidecar};

use crate::context::{Context, HeardLibrary};
use crate::identity::miscounted;
use crate::link::cancelled;
use crate::stop::StopRequest;
use crate::transfer::Job;

/// Times that a broken transfer goes on from where it was.
const RESUMES: u32 = 5;

/// Reads a file to its end, for all that read from this intake.
pub(crate) async fn read(
    context: &Context,
    job: &Job,
    located: &Located,
    mut intake: Intake,
) -> Result<Proven, ConnectorError> {
    if let Err(error) = fetch(context, job, located, &mut intake).await {
        intake.fail(error.clone());
        return Err(error);
    }
    let proven = intake.finish().await?;
    if context.readings.is_crowded() {
        intake.unload().await?;
    }
    Ok(proven)
}

/// Reads a file only to know it: its bytes don't fit in the spool, and a destination must know them before it takes them.
pub(crate) async fn look_ahead(
    context: &Context,
    job: &Job,
    located: &Located,
    expected: Vec<Digest>,
    compute: Vec<Algorithm>,
) -> Result<Proven, ConnectorError> {
    let mut intake = camroll_host::digest_only(expected, compute);
    fetch(context, job, located, &mut intake).await?;
    intake.finish().await
}

/// Fetches into the intake, on from where it broke off as long as that helps.
async fn fetch(context: &Context, job: &Job, located: &Located, intake: &mut Intake) -> Result<(), ConnectorError> {
    if is_sidecar(&job.file.resource) {
        return intake.append(Bytes::from(sidecar(&job.asset))).await;
    }
    let _asked = context.readings.may_ask().await;
    let source = context.source.connection();
    let mut resumes = 0;
    loop {
        let before = intake.offset();
        let error = match source.fetch(located.locator.clone(), intake).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let may_resume = matches!(error.class, ErrorClass::Transient | ErrorClass::RateLimited);
        if !may_resume || resumes >= RESUMES || context.stop.asked() == StopRequest::Now {
            return Err(error);
        }
        if intake.offset() == before {
            resumes += 1;
        }
        tracing::info!(
            path = job.file.path,
            offset = intake.offset(),
            code = error.code,
            "the transfer goes on: {}",
            error.message
        );
        let pause = std::time::Duration::from_secs(error.retry_after.unwrap_or(0).min(60).into())
            .max(std::time::Duration::from_millis(50 * u64::from(resumes)));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = context.stop.wait(StopRequest::Now) => return Err(cancelled()),
        }
    }
}

/// Where one file's bytes are now.
pub(crate) async fn locate_one(context: &Context, job: &Job) -> Result<Located, ConnectorError> {
    locate(context, &job.library, &[job])
        .await?
        .pop()
        .unwrap_or_else(|| Err(miscounted("locate", 1, 0)))
}

/// Where several files' bytes are now.
pub(crate) async fn locate(
    context: &Context,
    library: &HeardLibrary,
    jobs: &[&Job],
) -> Result<Vec<Result<Located, ConnectorError>>, ConnectorError> {
    let references: Vec<_> = jobs
        .iter()
        .filter(|job| !is_sidecar(&job.file.resource))
        .map(|job| job.reference())
        .collect();
    let asked = references.len();
    let located = match asked {
        0 => Vec::new(),
        _ => {
            context
                .source
                .call(|source| {
                    let (library, references) = (library.library.id.clone(), references.clone());
                    async move { source.locate(&library, references).await }
                })
                .await?
        }
    };
    if located.len() != asked {
        return Err(miscounted("locate", asked, located.len()));
    }
    let mut located = located.into_iter();
    Ok(jobs
        .iter()
        .filter_map(|job| match is_sidecar(&job.file.resource) {
            true => Some(Ok(made(job))),
            false => located.next(),
        })
        .collect())
}

/// Of a file that is made here everything is known.
fn made(job: &Job) -> Located {
    Located {
        version: job.file.version.clone(),
        size: job.file.size,
        digests: job
            .resource()
            .map(|resource| resource.digests.clone())
            .unwrap_or_default(),
        locator: Vec::new(),
        expires: None,
        attributes: Vec::new(),
    }
}
