use std::collections::BTreeSet;

use camroll_connector::errors::{error, unexpected};
use camroll_connector::http::request;
use camroll_connector::types::{Account, Digest, Error, ErrorClass, Instant};
use camroll_connector::{bodies, log, token};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::assets::{digest, Pointer};
use crate::cloudkit::{ask, lookup, Zone};
use crate::listing::{self, Left, Told};
use crate::session::{self, account_login, places, user_agent, validate};
use crate::{failures, fields, sign_in};

camroll_connector::world!(
    "camroll:icloud-photos/guest",
    "
    package camroll:icloud-photos;
    world guest {
        include camroll:connector/imports@0.1.0;
        export camroll:connector/connector@0.1.0;
        export camroll:connector/authentication@0.1.0;
        export camroll:connector/source@0.1.0;
    }
    "
);

use exports::camroll::connector::{authentication, connector, source};

struct Photos;
export!(Photos);

impl connector::Guest for Photos {
    fn connect(settings: String) -> Result<(), Error> {
        session::connect(&settings)
    }

    /// The cheapest first: the web session, then its tokens, then the password, which Apple rations.
    fn check() -> Result<Account, Error> {
        if let Some(account) = validate()? {
            return Ok(account);
        }
        if let Some(account) = account_login()? {
            return Ok(account);
        }
        match sign_in::unattended()? {
            sign_in::Proven::Done => account_login()?.ok_or_else(|| {
                unexpected(
                    "apple/not-opened",
                    "Apple took the sign-in and opened no session. Run `camroll login`.",
                )
            }),
            sign_in::Proven::SecondFactor => Err(failures::second_factor()),
        }
    }
}

impl authentication::Guest for Photos {
    fn sign_in(step: Option<Vec<u8>>, answer: Option<String>) -> Result<authentication::Progress, Error> {
        let said = match (step, answer) {
            (Some(step), Some(answer)) => sign_in::answer(&step, &answer)?,
            _ => sign_in::begin()?,
        };
        Ok(match said {
            sign_in::Said::Done(account) => authentication::Progress::Done(account),
            sign_in::Said::Ask(asked) => authentication::Progress::Ask(authentication::Question {
                kind: "code".into(),
                text: asked.text,
                choices: asked
                    .choices
                    .into_iter()
                    .map(|(id, label)| authentication::Choice { id, label })
                    .collect(),
                step: asked.step,
                expires: None,
                attributes: asked.attributes,
            }),
        })
    }

    fn sign_out() -> Result<(), Error> {
        session::exchange(session::setup("/logout")?.json(&json!({"trustBrowser": false, "allBrowsers": false})))?;
        Ok(())
    }
}

impl source::Guest for Photos {
    fn libraries() -> Result<Vec<source::Library>, Error> {
        let mut libraries: Vec<source::Library> = Vec::new();
        let mut known = BTreeSet::new();
        for database in ["private", "shared"] {
            let answer = ask(database, "zones/list", &json!({}))?;
            for zone in answer["zones"].as_array().into_iter().flatten() {
                let name = zone["zoneID"]["zoneName"].as_str().unwrap_or_default();
                // A shared library that is one's own stands in the private database; where it is told twice, that one counts.
                if zone["deleted"] == true || !known.insert(name.to_owned()) {
                    continue;
                }
                let (zone, kind, title) = if name == "PrimarySync" {
                    (Zone::personal(), "personal", "Personal Library")
                } else if name.starts_with("SharedSync-") {
                    (Zone::told(database, &zone["zoneID"]), "shared", "Shared Library")
                } else {
                    log::write(
                        log::Level::Debug,
                        &format!("the zone {name} isn't a library that camroll reads"),
                        &[],
                    );
                    continue;
                };
                libraries.push(source::Library {
                    id: zone.id(),
                    name: title.into(),
                    kind: kind.into(),
                    count: None,
                    attributes: Vec::new(),
                });
            }
        }
        Ok(libraries)
    }

    fn changes(library: String, cursor: Option<Vec<u8>>) -> Result<source::Page, Error> {
        let page = listing::changes(&library, cursor.as_deref())?;
        Ok(source::Page {
            changes: page.told.into_iter().map(change).collect(),
            cursor: page.cursor,
            more: page.more,
            done: page.done,
            total: page.total,
        })
    }

    fn describe(library: String, ids: Vec<String>) -> Result<Vec<source::Change>, Error> {
        Ok(listing::describe(&library, &ids)?.into_iter().map(change).collect())
    }

    fn locate(library: String, items: Vec<source::ResourceRef>) -> Result<Vec<Result<source::Located, Error>>, Error> {
        let zone = Zone::of(&library)?;
        let pointers: Vec<Pointer> = items
            .iter()
            .map(|item| {
                serde_json::from_slice(&item.pointer).map_err(|_| {
                    unexpected(
                        "apple/bad-pointer",
                        "A resource's pointer isn't one of this connector's.",
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        let mut names: Vec<&str> = pointers.iter().map(|pointer| pointer.r.as_str()).collect();
        let mut keys: Vec<String> = pointers.iter().map(|pointer| format!("{}Res", pointer.f)).collect();
        for list in [&mut names] {
            list.sort_unstable();
            list.dedup();
        }
        keys.sort_unstable();
        keys.dedup();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let records = lookup(&zone, &names, &keys)?;
        let find = |pointer: &Pointer| records.iter().find(|record| fields::name(record) == Some(&pointer.r));
        Ok(pointers.iter().map(|pointer| located(find(pointer), pointer)).collect())
    }

    fn fetch(locator: Vec<u8>, offset: u64, into: &bodies::Sink) -> Result<(), Error> {
        let locator: Locator = token::read(&locator)?;
        let home = places().home;
        let mut get = request("GET", locator.url)
            .header("Origin", home.clone())
            .header("Referer", format!("{home}/"))
            .header("User-Agent", user_agent())
            .pace("content");
        if offset > 0 {
            get = get.header("Range", format!("bytes={offset}-"));
        }
        let response = get.send()?;
        match response.status {
            200 if offset > 0 => Err(error(
                ErrorClass::Unsupported,
                "apple/no-range",
                "The server sent all of it again.",
            )),
            200 | 206 => into.append(&response.body),
            401 | 403 | 404 | 410 | 416 => Err(error(
                ErrorClass::Expired,
                "apple/address-expired",
                "The address of these bytes is no longer good.",
            )),
            _ => {
                let headers = response.headers.clone();
                let answer = camroll_connector::http::Answer {
                    status: response.status,
                    headers,
                    body: Vec::new(),
                };
                Err(answer.failure("apple", "download"))
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Locator {
    url: String,
}

/// Where a field's bytes are, out of its record.
fn located(record: Option<&Value>, pointer: &Pointer) -> Result<source::Located, Error> {
    let gone = || {
        error(
            ErrorClass::NotFound,
            "apple/not-found",
            "The file is no longer in the library.",
        )
    };
    let value = record
        .and_then(|record| fields::field(record, &format!("{}Res", pointer.f)))
        .ok_or_else(gone)?;
    let checksum = value["fileChecksum"].as_str().ok_or_else(gone)?;
    let Some(url) = value["downloadURL"].as_str().filter(|url| !url.is_empty()) else {
        return Err(error(
            ErrorClass::Transient,
            "pending",
            "Apple has the entry and not yet the bytes: a device hasn't finished its upload.",
        ));
    };
    let expires = url
        .split(['?', '&'])
        .find_map(|part| part.strip_prefix("e="))
        .and_then(|text| text.parse().ok())
        .map(|seconds| Instant {
            seconds,
            nanoseconds: 0,
        });
    let digests: Vec<Digest> = digest(checksum).into_iter().collect();
    Ok(source::Located {
        // The literal ${f} stands for a file's name, and any will do.
        locator: token::write(&Locator {
            url: url.replace("${f}", "file"),
        }),
        expires,
        version: checksum.into(),
        size: value["size"].as_u64(),
        digests,
        attributes: Vec::new(),
    })
}

fn member(album: String, asset: String) -> source::Member {
    source::Member {
        album,
        asset,
        attributes: Vec::new(),
    }
}

fn change(told: Told) -> source::Change {
    match told {
        Told::Begin => source::Change::SnapshotBegin,
        Told::End => source::Change::SnapshotEnd,
        Told::Asset(asset) => source::Change::Asset(asset),
        Told::Album(album) => source::Change::Album(album),
        Told::Member { album, asset } => source::Change::Member(member(album, asset)),
        Told::MemberGone { album, asset } => source::Change::MemberGone(member(album, asset)),
        Told::Gone { id, departure } => source::Change::Tombstone(source::Tombstone {
            key: id,
            departure: match departure {
                Left::Trashed => source::Departure::Trashed,
                Left::Moved => source::Departure::Moved,
                Left::Expunged => source::Departure::Expunged,
            },
            attributes: Vec::new(),
        }),
        Told::Touched { key } => source::Change::Touched(source::Touched { key, version: None }),
        Told::Unread { what, error } => source::Change::Unread(source::Unread { what, error }),
    }
}
