//! Who a destination is: what its service says, else the UUID that camroll keeps in `.camroll/id` there.

use bytes::Bytes;
use camroll_host::Connection;
use camroll_model::{ConnectorError, DestinationKey, ErrorClass, Identity, StageFile, Staged, Target};
use camroll_state::State;
use sha2::{Digest as _, Sha256};

use crate::context::Mode;
use crate::failure::Failure;
use crate::link::Link;

/// Where the engine's own id of a destination is.
pub(crate) const ID_PATH: &str = ".camroll/id";
/// The longest id file that is read: a UUID and a line's end are 37 bytes.
const ID_LIMIT: usize = 256;

/// Asks a destination who it is, and gives it an id where it has none. Refuses one that isn't the one that placements were recorded for.
pub(crate) async fn identify(
    state: &State,
    link: &Link,
    name: &str,
    settings: &serde_json::Value,
    mode: Mode,
) -> Result<(DestinationKey, Identity), Failure> {
    let failed = |error| Failure::Destination(name.to_owned(), error);
    let identity = link
        .call(|there| async move { there.probe().await })
        .await
        .map_err(failed)?;
    let connector = link.connection().connector_id().to_owned();
    let place = place_memo(&connector, settings);
    let known = state.memo(&place)?;
    let there = match &identity.id {
        Some(id) => Some(id.clone()),
        None if identity.features.names.is_none() => {
            return Err(failed(ConnectorError::new(
                ErrorClass::Unexpected,
                "destination/no-identity",
                "The connector doesn't say which account this is, and nothing can be kept there to know it again by. Nothing was written.",
            )));
        }
        None => read_id(link).await.map_err(failed)?,
    };
    if let Some(known) = known.as_deref()
        && there.as_deref() != Some(known)
    {
        let key = DestinationKey {
            connector: connector.clone(),
            identity: known.to_owned(),
        };
        let placed = state.placement_count(&key)?;
        if placed > 0 {
            return Err(Failure::Guard {
                code: "destination/not-the-same",
                message: format!(
                    "{placed} files were placed at the destination {name:?}, and what is there now {}. Nothing was written. Is it mounted? If it was moved on purpose, put its {ID_PATH} back or use another path.",
                    if there.is_some() {
                        "is another place"
                    } else {
                        "doesn't hold its .camroll/id"
                    },
                ),
                destination: Some(name.to_owned()),
            });
        }
    }
    let id = match there {
        Some(id) => id,
        None => {
            let id = uuid::Uuid::new_v4().to_string();
            if mode == Mode::Sync {
                write_file(link.connection(), ID_PATH, "text/plain", Bytes::from(format!("{id}\n")))
                    .await
                    .map_err(failed)?;
            }
            id
        }
    };
    if mode == Mode::Sync && known.as_deref() != Some(&id) {
        state.set_place(&place, &id)?;
    }
    Ok((
        DestinationKey {
            connector,
            identity: id,
        },
        identity,
    ))
}

/// What a place is called in the state, before anybody was asked who is there.
pub(crate) fn place_of(connector: &str, settings: &serde_json::Value) -> String {
    format!("{connector}/{}", hex::encode(Sha256::digest(settings.to_string())))
}

fn place_memo(connector: &str, settings: &serde_json::Value) -> String {
    format!("place/{}", place_of(connector, settings))
}

/// Forgets who a place was: it turned out to be a copy of another one, and may get an id of its own.
pub(crate) fn forget_place(
    state: &State,
    connector: &str,
    settings: &serde_json::Value,
) -> Result<(), camroll_state::StateError> {
    // No place has an empty id, so nothing was ever placed at this one.
    state.set_place(&place_memo(connector, settings), "")
}

/// Who a destination was when it was last written to, without asking it.
pub(crate) fn known_key(
    state: &State,
    written: &camroll_spec::Connection,
) -> Result<Option<DestinationKey>, camroll_state::StateError> {
    let connector = written.connector.id().as_str().to_owned();
    let identity = state.memo(&place_memo(&connector, &written.settings))?;
    Ok(identity.map(|identity| DestinationKey { connector, identity }))
}

async fn read_id(link: &Link) -> Result<Option<String>, ConnectorError> {
    let target = Target::at(ID_PATH);
    if link
        .call(|there| {
            let target = target.clone();
            async move { there.stat(target).await }
        })
        .await?
        .is_none()
    {
        return Ok(None);
    }
    let mut bytes = camroll_host::memory(ID_LIMIT);
    link.connection().read(target, 0, &mut bytes).await?;
    let text = String::from_utf8(bytes.into_bytes().await?.to_vec()).unwrap_or_default();
    let id = text.trim();
    if id.is_empty() || id.len() > 64 || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(ConnectorError::new(
            ErrorClass::Conflict,
            "destination/bad-id",
            format!(
                "The file {ID_PATH} there isn't one that camroll wrote. Look at it, and move it away if nothing else needs it."
            ),
        ));
    }
    Ok(Some(id.to_owned()))
}

/// Puts one of the engine's own files there, in the place of nothing.
pub(crate) async fn write_file(
    there: &Connection,
    path: &str,
    media_type: &str,
    content: Bytes,
) -> Result<(), ConnectorError> {
    let file = StageFile {
        asset: None,
        role: None,
        path: path.to_owned(),
        media_type: media_type.to_owned(),
        modified: None,
        related: Vec::new(),
        replaces: None,
        idempotency_key: format!("own-{}", hex::encode(&Sha256::digest(path.as_bytes())[..16])),
        checkpoint: None,
    };
    match there.stage(file, camroll_host::from_bytes(content)).await? {
        Staged::Stored(_) => Ok(()),
        Staged::Held(token) => {
            let mut committed = there.commit(vec![token]).await?;
            committed
                .pop()
                .unwrap_or_else(|| Err(miscounted("commit", 1, 0)))
                .map(|_| ())
        }
    }
}

/// A connector that answers another number of things than it was asked about.
pub(crate) fn miscounted(call: &str, asked: usize, answered: usize) -> ConnectorError {
    ConnectorError::new(
        ErrorClass::Unexpected,
        "sync/miscounted",
        format!("The connector was asked about {asked} in `{call}` and answered {answered}."),
    )
}
