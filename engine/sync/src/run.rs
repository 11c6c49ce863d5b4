//! A run from check to receipt.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use camroll_host::{Connection, Spool};
use camroll_model::{
    Account, AssetCounts, ConnectorError, DestinationReceipt, KeptCounts, Library, MissingVersions, Outcome, Problem,
    ProofCounts, Receipt, ResourceCounts, Retry, SourceKey,
};
use camroll_plan::{Wish, fingerprint};
use camroll_spec::{LibraryChoice, Spec};
use camroll_state::{Lane, Ordinal, RunNote, SourceId, State};
use tokio::sync::watch;

use crate::albums::{Memberships, unknown};
use crate::allowance::Allowance;
use crate::approval::{Approval, Approved};
use crate::begun::Drafts;
use crate::context::{Context, HeardLibrary, Mode, Relayout};
use crate::digests::Digests;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::hear::{hear, unexplained};
use crate::identity::{forget_place, identify};
use crate::lane::{Hearing, LaneReport, LaneRun};
use crate::link::Link;
use crate::preview::Preview;
use crate::progress::{Event, Progress};
use crate::reading::{LaneNumber, Readings};
use crate::recover::recover;
use crate::resting::{Whom, left_alone};
use crate::spot::rekey;
use crate::stop::{Stop, StopRequest};
use crate::transfer::Place;

/// Problems that a receipt names; the rest are counted.
const PROBLEMS: usize = 200;

/// How long an account is left alone whose service failed too often in a row; longer where it asks for that.
const SOURCE_REST: Duration = Duration::from_mins(30);

/// Codes of what waits as it should: nothing went wrong.
const WAITING: [&str; 2] = ["source/no-bytes-yet", "plan/not-named"];

/// What is to be run.
pub struct RunRequest {
    /// The spec.
    pub spec: Arc<Spec>,
    /// Its source.
    pub source: Connection,
    /// Held while the source's sign-in is checked: one at a time over all processes.
    pub sign_in: camroll_state::SignIn,
    /// Its destinations, in the spec's order, or why there is no way to one.
    pub destinations: Vec<Result<Connection, ConnectorError>>,
    /// Who is told.
    pub progress: Arc<dyn Progress>,
    /// Who may stop it.
    pub stop: Stop,
    /// Whether it acts.
    pub mode: Mode,
    /// Of a plan: whether it tells each file that lies elsewhere than the layout says.
    pub relayout: Relayout,
    /// The plan that it may act on; without one, on what it finds.
    pub approval: Option<Approval>,
}

/// What a run came to.
pub struct RunReport {
    /// What it proves.
    pub receipt: Receipt,
    /// For a script.
    pub exit: Exit,
    /// What it would do, by destination, where it only told.
    pub previews: BTreeMap<String, Preview>,
}

/// What is known when a run ends, however it ends.
#[derive(Default)]
struct Tally {
    lanes: Vec<(String, Lane, LaneReport)>,
    problems: Vec<Problem>,
    failure: Option<Failure>,
    /// Destinations that take no part: they didn't answer, or what a crash left there can't be settled.
    unreached: Vec<String>,
    advanced: bool,
    account: Option<Account>,
    /// What is missing without a word and is among the problems: once the receipt is kept, it was told.
    reported: Vec<(SourceId, Vec<Ordinal>)>,
}

impl Tally {
    /// The first failure is what the run is said to have failed with; any says more than that it was interrupted.
    fn note(&mut self, failure: Failure) {
        let worse = self
            .failure
            .as_ref()
            .is_none_or(|known| known.exit() == Exit::Interrupted);
        if worse {
            self.failure = Some(failure);
        }
    }

    /// A destination takes no part in the run. The others go on; what this one lacks is pending, whatever the counters say.
    fn miss(&mut self, destination: String, failure: Failure) {
        self.unreached.push(destination);
        self.problems.extend(failure.problem());
        self.note(failure);
    }
}

/// A destination that answered.
struct Reached {
    destination: camroll_spec::Destination,
    link: Link,
    key: camroll_model::DestinationKey,
    identity: camroll_model::Identity,
}

async fn reach(
    state: &Arc<State>,
    request: &RunRequest,
    destination: &camroll_spec::Destination,
    connection: &Result<Connection, ConnectorError>,
) -> Result<Reached, Failure> {
    let name = destination.name.to_string();
    let connection = match connection {
        Ok(connection) => connection.clone(),
        Err(error) => return Err(Failure::Destination(name, error.clone())),
    };
    let settings = &destination.connection.settings;
    if let Some(until) = Whom::place(connection.connector_id(), settings).rests_until(state)? {
        return Err(Failure::Destination(name, left_alone(until)));
    }
    let link = Link::new(connection, request.stop.clone());
    let identified = identify(state, &link, &name, settings, request.mode).await;
    if identified.is_err() {
        remember_rest(state, &link, settings)?;
    }
    let (key, identity) = identified?;
    Ok(Reached {
        destination: destination.clone(),
        link,
        key,
        identity,
    })
}

/// Remembers the rest that a destination asked for in this run.
fn remember_rest(state: &State, link: &Link, settings: &serde_json::Value) -> Result<(), camroll_state::StateError> {
    match link.asked_rest() {
        Some(rest) => Whom::place(link.connection().connector_id(), settings).rests(state, rest),
        None => Ok(()),
    }
}

fn other_plan(destination: &str) -> Failure {
    Failure::Guard {
        code: "plan/stale",
        message: format!(
            "The plan was made for another spec or for what {destination:?} could do then. Make it again with `camroll plan -o FILE`."
        ),
        destination: Some(destination.to_owned()),
    }
}

fn same_id(destination: &str, twin: &str) -> Failure {
    Failure::Guard {
        code: "destination/same-id",
        message: format!(
            "{destination:?} says that it is the very place that {twin:?} is: one of them is a copy of the other with its .camroll/id, or both are one. Nothing was written to {destination:?}. If it is a copy, take .camroll/id away there and take its files over: `camroll adopt`."
        ),
        destination: Some(destination.to_owned()),
    }
}

/// Runs a spec once.
pub async fn run(state: &Arc<State>, request: RunRequest) -> RunReport {
    let clock = Clock::now();
    let now = crate::clock::now();
    let run_id = ulid::Ulid::new().to_string();
    let mut tally = Tally::default();
    if let Err(failure) = go(state, &request, &run_id, now, &mut tally).await {
        tally.failure.get_or_insert(failure);
    }
    conclude(state, &request, run_id, now, clock, tally)
}

async fn go(
    state: &Arc<State>,
    request: &RunRequest,
    run_id: &str,
    now: jiff::Timestamp,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let source = Link::new(request.source.clone(), request.stop.clone());
    let account = check(request, &source).await?;
    let account_id = account.id.clone().unwrap_or_else(|| account.name.clone());
    tally.account = Some(account);
    let connector = request.source.connector_id().to_owned();
    let resting = Whom::account(&connector, &account_id);
    if let Some(until) = resting.rests_until(state)? {
        return Err(Failure::Guard {
            code: "sync/resting",
            message: format!("The service failed so often in a row that it is left alone until {until}."),
            destination: None,
        });
    }
    let Chosen { libraries, missing } = choose(state, request, &source, &connector, &account_id).await?;
    // The others go on. Said each time: a library that nobody reads mustn't be taken for one that is safe.
    if let Some(failure) = &missing {
        tally.problems.extend(failure.problem());
    }
    let every_library_is_there = missing.is_none();
    if let Some(failure) = missing {
        tally.note(failure);
    }
    let mut reached: Vec<Reached> = Vec::new();
    for (destination, connection) in request.spec.destinations.iter().zip(&request.destinations) {
        let name = destination.name.to_string();
        match reach(state, request, destination, connection).await {
            Ok(there) => {
                let twin = reached.iter().find(|known| known.key == there.key);
                match twin.map(|twin| twin.destination.clone()) {
                    None => reached.push(there),
                    // What is placed at one of them would count at the other.
                    Some(twin) => {
                        let settings = &destination.connection.settings;
                        if twin.connection.settings != *settings {
                            forget_place(state, &there.key.connector, settings)?;
                        }
                        let failure = same_id(&name, twin.name.as_str());
                        tally.miss(name, failure);
                    }
                }
            }
            Err(failure) => tally.miss(name, failure),
        }
    }
    if reached.is_empty() {
        return Ok(());
    }
    let spool = Spool::new(state.folder().join("spool"), request.spec.limits.spool);
    let context = Arc::new(Context {
        spec: Arc::clone(&request.spec),
        state: Arc::clone(state),
        source: source.clone(),
        stop: request.stop.clone(),
        progress: Arc::clone(&request.progress),
        mode: request.mode,
        relayout: request.relayout,
        libraries,
        readings: Readings::new(reached.len(), spool, &request.spec),
        allowance: Allowance::of(state, &request.spec.source.connection),
        digests: Digests::of(reached.iter().map(|there| there.identity.features.clone())),
        run: run_id.to_owned(),
        now,
    });
    let mut runs = Vec::new();
    let mut links = Vec::new();
    for (number, there) in reached.into_iter().enumerate() {
        links.push((there.link.clone(), there.destination.connection.settings.clone()));
        let name = there.destination.name.to_string();
        let approved = match &request.approval {
            None => None,
            Some(approval) => match approval.0.get(there.destination.name.as_str()) {
                Some(approved) => Some(approved.clone()),
                None => return Err(other_plan(there.destination.name.as_str())),
            },
        };
        match lane(&context, LaneNumber(number), there, approved).await {
            Ok((run, unsettled)) => {
                tally.problems.extend(unsettled);
                runs.push(run);
            }
            Err(failure @ Failure::Destination(..)) => {
                // Nobody waits for what it would have planned.
                context.readings.over(LaneNumber(number));
                tally.miss(name, failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    if runs.is_empty() {
        return Ok(());
    }
    let lanes: Vec<Lane> = runs.iter().map(|run| run.lane.clone()).collect();
    if request.mode == Mode::Sync {
        state.set_lanes(request.spec.name.as_str(), &lanes.iter().collect::<Vec<_>>())?;
    }
    let (tell, hearing) = watch::channel(Hearing::Goes(0));
    let listen = async {
        let (mut all, mut failed) = (Vec::new(), None);
        for library in &context.libraries {
            let heard = hear(&context, library, || {
                tell.send_modify(|hearing| {
                    if let Hearing::Goes(pages) = hearing {
                        *pages += 1;
                    }
                })
            })
            .await;
            match heard {
                Ok(heard) => all.push(heard),
                Err(failure) => {
                    failed = Some(failure);
                    break;
                }
            }
        }
        let whole = failed.is_none() && all.iter().all(|heard| heard.failure.is_none());
        tell.send_replace(if whole { Hearing::Done } else { Hearing::BrokeOff });
        (all, failed)
    };
    let names: Vec<String> = runs.iter().map(|run| run.place.name.clone()).collect();
    let work = futures::future::join_all(runs.into_iter().map(|run| {
        let hearing = hearing.clone();
        run.run(hearing)
    }));
    let hard_stop = async {
        request.stop.wait(StopRequest::Now).await;
        // Everything that blocks in a connector answers `cancelled` from here on.
        request.source.stop();
        for connection in request.destinations.iter().flatten() {
            connection.stop();
        }
        std::future::pending::<()>().await;
    };
    let ((heard, broke_off), reports) = tokio::select! {
        both = async { tokio::join!(listen, work) } => both,
        () = hard_stop => unreachable!("it never ends"),
    };
    tally.lanes = names
        .into_iter()
        .zip(lanes)
        .zip(reports)
        .map(|((name, lane), report)| (name, lane, report))
        .collect();
    let mut failures = Vec::new();
    for (_, _, report) in &mut tally.lanes {
        if let Some(failure) = report.failure.take() {
            tally.problems.extend(failure.problem());
            failures.push(failure);
        }
    }
    for failure in failures {
        tally.note(failure);
    }
    for (link, settings) in &links {
        remember_rest(state, link, settings)?;
    }
    if context.source.is_broken() {
        let rest = context.source.asked_rest().unwrap_or_default().max(SOURCE_REST);
        resting.rests(state, rest)?;
    }
    let mut lacking = None;
    for one in heard {
        tally.advanced |= one.advanced;
        tally.problems.extend(one.problems);
        lacking = lacking.or(one.failure);
    }
    // Also what another run heard, and didn't come to tell, or told another spec's people.
    for library in &context.libraries {
        let missing = state.unreported(library.id, request.spec.name.as_str())?;
        tally.problems.extend(unexplained(&context, library, &missing)?);
        tally.reported.push((library.id, missing));
    }
    if let Some(failure) = broke_off.or(lacking) {
        return Err(failure);
    }
    tally
        .problems
        .extend(unknown(state, &request.spec, &context.libraries)?);
    if every_library_is_there {
        crate::heard::keep(state, request.spec.name.as_str(), &context.libraries, now)?;
    }
    Ok(())
}

/// Hears all that is new of what a spec wants, and does nothing else.
pub(crate) async fn hear_all(state: &Arc<State>, request: &RunRequest) -> Result<Vec<HeardLibrary>, Failure> {
    let source = Link::new(request.source.clone(), request.stop.clone());
    let account = check(request, &source).await?;
    let account_id = account.id.clone().unwrap_or_else(|| account.name.clone());
    let connector = request.source.connector_id().to_owned();
    let Chosen { libraries, missing } = choose(state, request, &source, &connector, &account_id).await?;
    let context = Context {
        spec: Arc::clone(&request.spec),
        state: Arc::clone(state),
        source: source.clone(),
        stop: request.stop.clone(),
        progress: Arc::clone(&request.progress),
        mode: Mode::Plan,
        relayout: Relayout::Count,
        libraries,
        // Nothing is read: no destination takes part.
        readings: Readings::new(0, Spool::new(state.folder().join("spool"), 0), &request.spec),
        allowance: Allowance::of(state, &request.spec.source.connection),
        digests: Digests::of([]),
        run: String::new(),
        now: crate::clock::now(),
    };
    for library in &context.libraries {
        if let Some(failure) = hear(&context, library, || {}).await?.failure {
            return Err(failure);
        }
    }
    if missing.is_none() {
        crate::heard::keep(state, request.spec.name.as_str(), &context.libraries, context.now)?;
    }
    Ok(context.libraries)
}

/// One check a run, one at a time for an account.
async fn check(request: &RunRequest, source: &Link) -> Result<Account, Failure> {
    let sign_in = request.sign_in.clone();
    let guard = tokio::task::spawn_blocking(move || sign_in.lock())
        .await
        .map_err(|panic| {
            Failure::Source(ConnectorError::new(
                camroll_model::ErrorClass::Unexpected,
                "sync/panic",
                panic.to_string(),
            ))
        })??;
    // Another process may have renewed the sign-in while this one waited.
    request.source.reload().await.map_err(Failure::Source)?;
    let account = source
        .call(|source| async move { source.check().await })
        .await
        .map_err(Failure::Source)?;
    drop(guard);
    Ok(account)
}

/// The libraries that the spec wants.
struct Chosen {
    /// Those that are there.
    libraries: Vec<HeardLibrary>,
    /// What to say where some of them aren't.
    missing: Option<Failure>,
}

fn is_chosen(choice: &LibraryChoice, library: &Library) -> bool {
    match choice {
        LibraryChoice::Personal => library.kind == "personal",
        LibraryChoice::Shared => library.kind == "shared",
        LibraryChoice::Named(name) => library.name == *name || library.id.as_str() == name,
    }
}

fn no_such_library(wanted: &[&LibraryChoice], known: &[Library]) -> Failure {
    let wanted: Vec<&str> = wanted
        .iter()
        .map(|choice| match choice {
            LibraryChoice::Personal => "personal",
            LibraryChoice::Shared => "shared",
            LibraryChoice::Named(name) => name.as_str(),
        })
        .collect();
    let names: Vec<&str> = known.iter().map(|library| library.name.as_str()).collect();
    Failure::Guard {
        code: "source/no-such-library",
        message: format!(
            "The spec wants libraries that the account doesn't have: {}. It has: {}.",
            wanted.join(", "),
            names.join(", ")
        ),
        destination: None,
    }
}

/// The libraries that the spec wants. They are asked for once and then known, so that a run with nothing new doesn't ask.
async fn choose(
    state: &Arc<State>,
    request: &RunRequest,
    source: &Link,
    connector: &str,
    account: &str,
) -> Result<Chosen, Failure> {
    let wanted = &request.spec.source.libraries;
    let pick = |known: &[Library]| -> Vec<Library> {
        known
            .iter()
            .filter(|library| wanted.iter().any(|choice| is_chosen(choice, library)))
            .cloned()
            .collect()
    };
    let mut known = state.libraries(connector, account)?;
    let mut chosen = pick(&known);
    if chosen.is_empty() || wanted.iter().any(|choice| *choice != LibraryChoice::Personal) {
        known = source
            .call(|source| async move { source.libraries().await })
            .await
            .map_err(Failure::Source)?;
        state.set_libraries(connector, account, &known)?;
        chosen = pick(&known);
    }
    let lacking: Vec<&LibraryChoice> = wanted
        .iter()
        .filter(|choice| !known.iter().any(|library| is_chosen(choice, library)))
        .collect();
    let missing = (!lacking.is_empty()).then(|| no_such_library(&lacking, &known));
    if chosen.is_empty() {
        return Err(missing.unwrap_or_else(|| no_such_library(&lacking, &known)));
    }
    let libraries = chosen
        .into_iter()
        .map(|library| {
            let key = SourceKey {
                connector: connector.to_owned(),
                account: account.to_owned(),
                library: library.id.0.clone(),
            };
            let id = state.source(&key)?;
            Ok(HeardLibrary { library, key, id })
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    Ok(Chosen { libraries, missing })
}

/// A destination's part of the run, and what a run before left there that couldn't be settled.
async fn lane(
    context: &Arc<Context>,
    number: LaneNumber,
    there: Reached,
    approved: Option<Approved>,
) -> Result<(LaneRun, Vec<Problem>), Failure> {
    let Reached {
        destination,
        link,
        key,
        identity,
    } = there;
    let name = destination.name.to_string();
    let id = context.state.destination(&key)?;
    let place = Arc::new(Place {
        name: name.clone(),
        link,
        id,
        identity: format!("{}/{}", context.state.engine(), key.identity),
        lane: number,
        features: identity.features.clone(),
        allowance: Allowance::of(&context.state, &destination.connection),
        uploads: parking_lot::Mutex::default(),
        interrupted: parking_lot::Mutex::default(),
        rules: identity.features.names.clone(),
        drafts: Drafts::of(&context.state, id),
    });
    let mut unsettled = Vec::new();
    if context.mode == Mode::Sync {
        rekey(&context.state, place.id, place.rules.as_ref())?;
        let recovered = recover(&context.state, &place, destination.require_proof)
            .await
            .map_err(|error| Failure::Destination(name.clone(), error))?;
        tracing::debug!(destination = name, ?recovered, "what a run before this one left");
        if recovered.placed > 0 {
            context.progress.tell(Event::Notice(format!(
                "{} files that an interrupted run had brought were recognised; they are not fetched again.",
                recovered.placed
            )));
        }
        unsettled = recovered.problems;
    }
    let personal = context
        .libraries
        .first()
        .map(|library| library.library.clone())
        .unwrap_or(Library {
            id: "".into(),
            name: String::new(),
            kind: String::new(),
            count: None,
            attributes: Vec::new(),
        });
    let wish = Wish {
        spec: &context.spec,
        destination: &destination,
        features: &identity.features,
        library: &personal,
    };
    let fingerprint = fingerprint(&wish);
    if approved
        .as_ref()
        .is_some_and(|approved| approved.fingerprint != hex::encode(fingerprint))
    {
        return Err(other_plan(&name));
    }
    let lane = context
        .state
        .lane(context.spec.name.as_str(), &name, &key, fingerprint)?;
    let run = LaneRun {
        context: Arc::clone(context),
        destination,
        place,
        features: identity.features,
        free: identity.free,
        fingerprint,
        approved,
        lane,
        memberships: Memberships::default(),
    };
    Ok((run, unsettled))
}

fn conclude(
    state: &Arc<State>,
    request: &RunRequest,
    run: String,
    started: jiff::Timestamp,
    clock: Clock,
    mut tally: Tally,
) -> RunReport {
    let spec = request.spec.name.to_string();
    let mut previews = BTreeMap::new();
    let mut destinations = BTreeMap::new();
    let mut missing = MissingVersions::default();
    let mut requests = BTreeMap::from([("source".to_owned(), request.source.requests())]);
    for (destination, connection) in request.spec.destinations.iter().zip(&request.destinations) {
        let made = connection.as_ref().map_or(0, Connection::requests);
        requests.insert(destination.name.to_string(), made);
    }
    for (name, lane, report) in &mut tally.lanes {
        let totals = lane.totals().unwrap_or_default();
        let placed: u64 = totals.placed.iter().sum();
        let put = report.put.min(placed);
        missing.original += totals.missing.original;
        missing.edited += totals.missing.edited;
        missing.paired_video += totals.missing.paired_video;
        destinations.insert(
            name.clone(),
            DestinationReceipt {
                resources: ResourceCounts {
                    wanted: totals.wanted,
                    put,
                    already_there: placed - put,
                    pending: totals.pending,
                    failed: totals.failed,
                    skipped: totals.skipped,
                },
                proof: ProofCounts {
                    accepted: totals.placed[0],
                    service_reported: totals.placed[1],
                    service_checked: totals.placed[2],
                    read_back: totals.placed[3],
                },
                kept: KeptCounts {
                    left_scope: totals.kept_left_scope,
                    gone_at_source: totals.kept_gone,
                },
                replaced: report.replaced,
                renamed: report.renamed,
                removed: report.removed,
                bytes: report.bytes,
            },
        );
        let known = lane.problems(PROBLEMS).unwrap_or_default();
        // What is still open first, then what was said in this run of what is settled.
        for problem in known.into_iter().chain(std::mem::take(&mut report.problems)) {
            if tally.problems.len() < PROBLEMS && !tally.problems.contains(&problem) {
                tally.problems.push(problem);
            }
        }
        previews.insert(name.clone(), std::mem::take(&mut report.preview));
    }
    if let Some(problem) = tally.failure.as_ref().and_then(Failure::problem)
        && !tally.problems.contains(&problem)
    {
        tally.problems.insert(0, problem);
    }
    tally.problems.truncate(PROBLEMS);
    let totals = state.spec_totals(&spec).unwrap_or_default();
    // Settled means everywhere: where a destination didn't answer, nothing is known to be.
    let (settled, pending) = match tally.unreached.as_slice() {
        [] => (totals.settled, totals.pending),
        _ => (0, totals.pending + totals.settled),
    };
    let assets = AssetCounts {
        in_scope: totals.in_scope,
        settled,
        pending,
        failed: totals.failed,
        out_of_scope: totals.out_of_scope,
    };
    let exit = match &tally.failure {
        Some(failure)
            if failure.exit() == Exit::Guard
                && matches!(
                    failure,
                    Failure::Guard {
                        code: "sync/resting",
                        ..
                    }
                ) =>
        {
            Exit::Temporary
        }
        Some(failure) => failure.exit(),
        None if totals.failed > 0 || tally.lanes.iter().any(|(_, _, report)| report.not_done > 0) => Exit::SomeFailed,
        None if tally
            .problems
            .iter()
            .any(|problem| problem.retry == Retry::NextRun && !WAITING.contains(&problem.code.as_str())) =>
        {
            Exit::SomeFailed
        }
        None => Exit::Done,
    };
    let not_yet: u64 = tally.lanes.iter().map(|(_, _, report)| report.not_yet).sum();
    let outcome = match exit {
        Exit::Done if totals.pending == 0 && not_yet == 0 => Outcome::Complete,
        Exit::Done | Exit::SomeFailed | Exit::Temporary => Outcome::Partial,
        Exit::Guard => Outcome::Blocked,
        Exit::Interrupted => Outcome::Interrupted,
        _ => Outcome::Failed,
    };
    let receipt = Receipt {
        receipt: 1,
        spec: spec.clone(),
        run: run.clone(),
        outcome,
        cursor_advanced: tally.advanced,
        assets,
        destinations,
        missing_versions: missing,
        requests,
        seconds: (clock.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
        problems: tally.problems,
    };
    if request.mode == Mode::Sync {
        let text = serde_json::to_string(&receipt).unwrap_or_default();
        let note = RunNote {
            started: started.into(),
            ended: crate::clock::now().into(),
            exit: exit.code(),
            receipt: text.clone(),
            sign_in_expires: tally.account.and_then(|account| account.expires),
        };
        let kept = state
            .set_last_run(&spec, &note)
            .and_then(|()| state.checkpoint())
            .and_then(|()| {
                // A run that did nothing leaves no file: the last one's says as much.
                let did = |one: &DestinationReceipt| one.resources.put + one.replaced + one.renamed + one.removed > 0;
                if receipt.destinations.values().any(did) || !receipt.problems.is_empty() {
                    state.write_receipt(&run, format!("{text}\n").as_bytes())
                } else {
                    Ok(())
                }
            })
            .and_then(|()| {
                let mut reported = tally.reported.iter();
                reported.try_for_each(|(source, missing)| state.reported(*source, &spec, missing))
            });
        if let Err(error) = kept {
            tracing::error!("the run's end couldn't be kept: {error}");
        }
    }
    RunReport {
        receipt,
        exit,
        previews,
    }
}
