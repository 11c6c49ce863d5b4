use camroll_model::ErrorClass;

use crate::cells::{Outcome, Setting, holds, succeeds};
use crate::content::content;
use crate::placing::{Placing, read};

pub(super) const NAMES: [&str; 14] = [
    "Été à la mer.jpg",
    "e\u{301}te\u{301}.jpg",
    "Снимок экрана.png",
    "صورة العائلة.heic",
    "छुट्टियाँ.jpg",
    "写真 ２０２４.jpg",
    "가족사진.jpg",
    "📷 🏖️ 👨‍👩‍👧.jpg",
    "with  two spaces.jpg",
    "#1 & 100% + more; it's.jpg",
    "[a] {b} (c) ~d =e @f !g $h ,i ^j `k.jpg",
    "what?.jpg",
    "time 10:30 \"x\" <y> |z*.jpg",
    "%2e%2F%00.jpg",
];

pub(crate) async fn scripts(setting: &Setting<'_>) -> Outcome {
    let rules = succeeds(setting.connection.probe().await, "probe")?.features.names;
    let forbidden = rules.map(|rules| rules.forbidden).unwrap_or_default();
    let (mut left, mut held) = (0, Vec::new());
    for (number, name) in NAMES.into_iter().enumerate() {
        if name.chars().any(|character| forbidden.contains(character)) {
            left += 1;
            continue;
        }
        // As a file's name and as a folder's.
        let path = setting.at(&format!("{name}/{name}"));
        let bytes = content(30 + number as u64, 1000 + number);
        succeeds(
            Placing::new(&setting.connection, &path, bytes.clone()).put().await,
            name,
        )?;
        let there = succeeds(read(&setting.connection, &path, 0).await, name)?;
        holds(there == bytes, format!("{name}: other bytes"))?;
        held.push(path);
    }
    let (entries, _) = setting.list(setting.at("").trim_end_matches('/')).await?;
    for path in &held {
        let told = entries.iter().any(|entry| entry.target.path.as_ref() == Some(path));
        holds(told, format!("{path} isn't in the listing"))?;
    }
    match left {
        0 => Ok("yes".to_owned()),
        left => Ok(format!("yes; {left} of {} left to the name rules", NAMES.len())),
    }
}

pub(crate) async fn forms(setting: &Setting<'_>) -> Outcome {
    let (composed, decomposed) = (setting.at("\u{e9}.jpg"), setting.at("e\u{301}.jpg"));
    let (one, other) = (content(50, 1000), content(51, 1001));
    succeeds(
        Placing::new(&setting.connection, &composed, one.clone()).put().await,
        "put",
    )?;
    match Placing::new(&setting.connection, &decomposed, other).put().await {
        Ok(_) => {
            let there = succeeds(read(&setting.connection, &composed, 0).await, "read")?;
            holds(there == one, "one took the other's place")?;
            Ok("two names".to_owned())
        }
        Err(error) if error.class == ErrorClass::Conflict => Ok("one name".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
