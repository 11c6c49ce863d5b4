//! From the journal into the index; and, where the journal lost its end, back.

use serde::{Deserialize, Serialize};

use crate::error::StateError;
use crate::index::keys::{self, FROM_JOURNAL, Family};
use crate::index::{Index, Transaction};
use crate::journal::{self, Fact, Hint, Journal, JournalId, OpenIntents, Position, Reader, Record, Snapshot};
use crate::key::Key;
use crate::placements::{DestructiveRecord, MemoRecord, PlacementRecord, destinations, position_of, take_in};

/// Changes in one transaction of a replay.
const BATCH: usize = 2000;

/// How far the journal is in the index.
#[derive(Serialize, Deserialize)]
struct Watermark {
    journal: JournalId,
    position: Position,
    records: u64,
    /// The open intents there, as the journal writes them.
    intents: Vec<Vec<u8>>,
}

/// How far the index has taken in the journal; none where it says nothing of it.
pub(crate) fn hint(index: &Index, key: &Key) -> Result<Option<Hint>, StateError> {
    let Some(mark) = index.get::<Watermark>(&keys::watermark())? else {
        return Ok(None);
    };
    let mut intents = OpenIntents::default();
    for bytes in &mark.intents {
        match journal::decode(bytes, key) {
            Some(fact) => intents.apply(&fact),
            None => return Err(index.distrust("an open intent can't be read".to_owned())),
        }
    }
    Ok(Some(Hint {
        journal: mark.journal,
        position: mark.position,
        records: mark.records,
        intents,
    }))
}

/// Notes that the journal is in the index up to this snapshot of it.
pub(crate) fn set_watermark(index: &Index, journal: &Journal, snapshot: &Snapshot) -> Result<(), StateError> {
    let intents = snapshot
        .intents
        .all()
        .map(|intent| journal::encode(&Fact::Record(Record::Intent(intent.clone())), journal.key()))
        .collect::<Result<_, _>>()?;
    let mark = Watermark {
        journal: journal.id(),
        position: snapshot.end,
        records: snapshot.records,
        intents,
    };
    let mut transaction = index.begin();
    transaction.put(keys::watermark(), &mark)?;
    transaction.commit()
}

/// Takes what the journal tells into the index, in large transactions.
pub(crate) struct Replay<'a> {
    index: &'a Index,
    transaction: Option<Transaction<'a>>,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(index: &'a Index) -> Self {
        Self {
            index,
            transaction: None,
        }
    }

    pub(crate) fn finish(&mut self) -> Result<(), StateError> {
        match self.transaction.take() {
            Some(transaction) => transaction.commit(),
            None => Ok(()),
        }
    }
}

impl Reader for Replay<'_> {
    fn begin_anew(&mut self) -> Result<(), StateError> {
        self.finish()?;
        // First of all, so that a crash in between begins anew again.
        let mut transaction = self.index.begin();
        transaction.remove(keys::watermark());
        transaction.commit()?;
        // With the marks gone all is planned again: what lanes call settled may be placed no more.
        for family in FROM_JOURNAL.into_iter().chain([Family::Mark]) {
            clear(self.index, family)?;
        }
        Ok(())
    }

    fn fact(&mut self, position: Position, fact: Fact) -> Result<(), StateError> {
        let transaction = self.transaction.get_or_insert_with(|| self.index.begin());
        take_in(transaction, position, &fact)?;
        if transaction.len() >= BATCH {
            self.finish()
        } else {
            Ok(())
        }
    }
}

fn clear(index: &Index, family: Family) -> Result<(), StateError> {
    loop {
        let pairs = index.pairs(&keys::family(family), None, BATCH)?;
        if pairs.is_empty() {
            return Ok(());
        }
        let mut transaction = index.begin();
        for (key, _) in pairs {
            transaction.remove(key);
        }
        transaction.commit()?;
    }
}

/// The position of the latest fact in the index; the beginning where there is none.
pub(crate) fn highest(index: &Index) -> Result<Position, StateError> {
    let mut highest = Position::default();
    for (id, record) in destinations(index)? {
        highest = highest.max(record.position);
        for prefix in [keys::placements(id), keys::numbered(Family::Destructive, id.0)] {
            highest = highest.max(
                index
                    .last_key(&prefix)?
                    .map(|key| position_of(&key))
                    .unwrap_or_default(),
            );
        }
    }
    index.each(&keys::family(Family::Memo), |_, value| {
        highest = highest.max(index.decode::<MemoRecord>(value)?.position);
        Ok(())
    })?;
    Ok(highest)
}

/// Writes to the journal what only the index knows: all from `lost` on, which a torn or missing end took. Gives the number of records.
pub(crate) fn mend(index: &Index, journal: &Journal, lost: Position, known: Position) -> Result<u64, StateError> {
    journal.pass(known.segment)?;
    let mut mended = 0;
    let mut write = |facts: Vec<Fact>| -> Result<(), StateError> {
        mended += facts.len() as u64;
        let appended = journal.append_facts(&facts)?;
        journal.commit_to(appended.ticket)?;
        let mut transaction = index.begin();
        for (position, fact) in appended.positions.iter().zip(&facts) {
            take_in(&mut transaction, *position, fact)?;
        }
        transaction.commit()
    };
    let destinations = destinations(index)?;
    for (id, record) in &destinations {
        if record.position >= lost {
            write(vec![Fact::Destination {
                id: *id,
                key: record.key.clone(),
            }])?;
        }
    }
    let mut memos = Vec::new();
    index.each(&keys::family(Family::Memo), |_, value| {
        let memo: MemoRecord = index.decode(value)?;
        if memo.position >= lost {
            memos.push(Fact::Memo {
                name: memo.name,
                text: Some(memo.text),
            });
        }
        Ok(())
    })?;
    write(memos)?;
    for (id, _) in &destinations {
        // Placements move behind `known` as they are written; those are not met again.
        let mut after = Some(keys::placement(*id, lost)).filter(|_| lost > Position::default());
        loop {
            let pairs = index.pairs(&keys::placements(*id), after.as_deref(), 256)?;
            let Some((last, _)) = pairs.last() else { break };
            after = Some(last.clone());
            let mut facts = Vec::new();
            for (key, value) in pairs.iter().filter(|(key, _)| position_of(key) <= known) {
                let PlacementRecord { placement, folded, at } = index.decode(value)?;
                let placement = Box::new(placement);
                tracing::trace!(position = ?position_of(key), "a placement goes back into the journal");
                facts.push(Fact::Placed {
                    destination: *id,
                    intent: None,
                    folded,
                    at,
                    placement,
                });
            }
            if facts.is_empty() {
                break;
            }
            write(facts)?;
        }
        let mut acts = Vec::new();
        let mut old = Vec::new();
        index.each(&keys::numbered(Family::Destructive, id.0), |key, value| {
            if position_of(key) >= lost {
                let DestructiveRecord { why, at } = index.decode(value)?;
                acts.push(Fact::Destructive {
                    destination: *id,
                    why,
                    at,
                });
                old.push(key.to_vec());
            }
            Ok(())
        })?;
        write(acts)?;
        // They are under their new positions now, and must not count twice.
        let mut transaction = index.begin();
        for key in old {
            transaction.remove(key);
        }
        transaction.commit()?;
    }
    let intents: Vec<_> = journal
        .snapshot()
        .intents
        .all()
        .map(|intent| Fact::Record(Record::Intent(intent.clone())))
        .collect();
    write(intents)?;
    Ok(mended)
}
