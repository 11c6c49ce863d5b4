//! What a manifest may not say, though it can be read.

use url::Url;

use reqwest::header::HeaderName;

use super::{Auth, Manifest, ManifestError, Place, Security, Slot, TcpRule};
use crate::net::is_refused_header;

/// The longest line around a secret.
const LINE: usize = 200;

/// Checks all of it.
pub(super) fn check(manifest: &Manifest) -> Result<(), ManifestError> {
    if manifest.manifest != 1 {
        return fail(format!(
            "it has format {}, and this camroll reads format 1",
            manifest.manifest
        ));
    }
    let id_is_fine = (1..=40).contains(&manifest.id.len())
        && manifest
            .id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !id_is_fine {
        return fail(format!("its id {:?} isn't 1 to 40 of a-z, 0-9 and -", manifest.id));
    }
    for (name, slot) in &manifest.slots {
        slot_is_fine(name, slot)?;
    }
    captures(manifest)?;
    for (name, auth) in &manifest.auth {
        if let Some(slot) = auth
            .slots()
            .into_iter()
            .find(|slot| !manifest.slots.contains_key(*slot))
        {
            return fail(format!(
                "its auth {name:?} uses the slot {slot:?}, and there is no such slot"
            ));
        }
        if let Some(pointer) = auth.pointer().filter(|pointer| !pointer.starts_with('/')) {
            return fail(format!(
                "its auth {name:?} speaks of the setting {pointer:?}, which is no JSON pointer"
            ));
        }
        if let Auth::ApiKey { header, .. } = auth
            && (is_refused_header(header) || HeaderName::from_bytes(header.as_bytes()).is_err())
        {
            return fail(format!(
                "its auth {name:?} puts a key into the header {header:?}, which is the host's to set or no header at all"
            ));
        }
        if auth.origins().is_empty() {
            return fail(format!("its auth {name:?} names no origin where it may be used"));
        }
    }
    connections(manifest)?;
    origins(manifest)?;
    names(manifest)
}

fn fail<T>(what: String) -> Result<T, ManifestError> {
    Err(ManifestError(what))
}

fn slot_is_fine(name: &str, slot: &Slot) -> Result<(), ManifestError> {
    if slot.computed && slot.setting.is_some() {
        return fail(format!(
            "its slot {name:?} is filled from a setting, and by the connector: a person's secret is nobody else's to fill"
        ));
    }
    for place in &slot.places {
        let Place {
            header,
            query,
            form,
            json,
            path,
            ..
        } = place;
        if [header, query, form, json].into_iter().flatten().count() != 1 {
            return fail(format!(
                "a place of the slot {name:?} names not exactly one of header, query, form, json"
            ));
        }
        if let Some(header) = header
            && is_refused_header(header)
        {
            return fail(format!(
                "a place of the slot {name:?} is the header {header:?}, which is the host's to set"
            ));
        }
        pattern(path)?;
    }
    Ok(())
}

fn captures(manifest: &Manifest) -> Result<(), ManifestError> {
    for capture in &manifest.captures {
        let kinds = [&capture.header, &capture.cookie, &capture.json];
        if kinds.into_iter().flatten().count() != 1 {
            return fail(format!(
                "a capture into the slot {:?} names not exactly one of header, cookie, json",
                capture.slot
            ));
        }
        if !manifest.slots.contains_key(&capture.slot) {
            return fail(format!(
                "it captures into the slot {:?} and has no such slot",
                capture.slot
            ));
        }
        pattern(&capture.path)?;
    }
    for learn in manifest.learns.values() {
        learn.path.iter().try_for_each(|path| pattern(path))?;
    }
    Ok(())
}

/// Connections below HTTP go where a person says, never to an address of the manifest's own.
fn connections(manifest: &Manifest) -> Result<(), ManifestError> {
    for (name, rule) in &manifest.tcp {
        let mut pointers = vec![&rule.host];
        pointers.extend(&rule.port);
        pointers.extend(rule.ssh.iter().flat_map(|ssh| [&ssh.user, &ssh.known_hosts]));
        if let Some(smb) = &rule.smb {
            pointers.push(&smb.user);
            pointers.extend([&smb.domain, &smb.encryption].into_iter().flatten());
        }
        pointers.extend(rule.plain.iter().map(|plain| &plain.setting));
        if let Some(pointer) = pointers.into_iter().find(|pointer| !pointer.starts_with('/')) {
            return fail(format!(
                "its connection {name:?} speaks of the setting {pointer:?}, which is no JSON pointer"
            ));
        }
        if rule.security.is_empty() || rule.default_port == 0 {
            return fail(format!("its connection {name:?} has no security or no default port"));
        }
        if rule.security.contains(&Security::Ssh) != rule.ssh.is_some() {
            return fail(format!(
                "its connection {name:?} must say how SSH signs in exactly where it is made by SSH"
            ));
        }
        if rule.security.contains(&Security::Smb) != rule.smb.is_some() {
            return fail(format!(
                "its connection {name:?} must say how SMB signs in exactly where it is made by SMB"
            ));
        }
        lines(name, rule, manifest)?;
        if let Some(smb) = rule
            .smb
            .as_ref()
            .filter(|smb| !manifest.slots.contains_key(&smb.password))
        {
            return fail(format!(
                "its connection {name:?} signs in with the slot {:?} and there is no such slot",
                smb.password
            ));
        }
        let Some(ssh) = &rule.ssh else { continue };
        let mut slots = [&ssh.password, &ssh.key, &ssh.passphrase]
            .into_iter()
            .flatten()
            .peekable();
        if slots.peek().is_none() {
            return fail(format!("its connection {name:?} signs in with no slot at all"));
        }
        if let Some(slot) = slots.find(|slot| !manifest.slots.contains_key(*slot)) {
            return fail(format!(
                "its connection {name:?} signs in with the slot {slot:?} and there is no such slot"
            ));
        }
        let named = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'.' | b'_' | b'@');
        if ssh.subsystem.is_empty() || !ssh.subsystem.bytes().all(named) {
            return fail(format!("its connection {name:?} has the subsystem {:?}", ssh.subsystem));
        }
    }
    Ok(())
}

/// A secret is written as a part of one line, and of nothing else.
fn lines(name: &str, rule: &TcpRule, manifest: &Manifest) -> Result<(), ManifestError> {
    let signs_in = [(rule.ssh.is_some(), "SSH"), (rule.smb.is_some(), "SMB")];
    let signs_in = signs_in.into_iter().find_map(|(does, name)| does.then_some(name));
    if let (Some(protocol), true) = (signs_in, !rule.lines.is_empty() || rule.beside) {
        return fail(format!(
            "its connection {name:?} is made by {protocol}, which signs in by itself and has nothing beside it"
        ));
    }
    for (slot, line) in &rule.lines {
        if !manifest.slots.contains_key(slot) {
            return fail(format!(
                "its connection {name:?} writes the slot {slot:?} and there is no such slot"
            ));
        }
        let is_one_line = line.strip_suffix("\r\n").is_some_and(|line| {
            let printable = line.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            printable && line.len() <= LINE && line.matches("{}").count() == 1
        });
        if !is_one_line {
            return fail(format!(
                "its connection {name:?} writes the slot {slot:?} as {line:?}, which isn't one line that ends with CR LF and has \"{{}}\" once"
            ));
        }
    }
    Ok(())
}

/// A pattern of a path. "**" stands for the rest, so nothing can come after it.
fn pattern(path: &str) -> Result<(), ManifestError> {
    let mut segments = path.split('/').skip_while(|segment| *segment != "**");
    match (segments.next(), segments.next()) {
        (Some(_), Some(_)) => fail(format!("the path {path:?} goes on after \"**\"")),
        _ => Ok(()),
    }
}

fn origins(manifest: &Manifest) -> Result<(), ManifestError> {
    for (name, origin) in &manifest.origins {
        if let Some(learnt) = &origin.learnt
            && !manifest.learns.contains_key(learnt)
        {
            return fail(format!(
                "its origin {name:?} is learnt by {learnt:?}, and there is no such rule"
            ));
        }
        if let Some(label) = &origin.label
            && (origin.setting.is_none() || !label.starts_with('/'))
        {
            return fail(format!(
                "its origin {name:?} has a label, which is a JSON pointer beside `setting`"
            ));
        }
        let chosen = origin.by.values().flat_map(|values| values.values());
        for address in origin.address.iter().chain(chosen) {
            if !is_fixed_address(&without_settings(address)) {
                return fail(format!(
                    "its origin {name:?} has the address {address:?}, which isn't https://host or has more than a path; plain http is for a person to set"
                ));
            }
        }
    }
    for host in &manifest.hosts {
        if !host.pattern.starts_with("https://") {
            return fail(format!("its host pattern {:?} isn't https", host.pattern));
        }
    }
    Ok(())
}

/// An address as it is when a label stands for each setting that it names. A setting can only be the beginning of a host's name, never its end.
fn without_settings(address: &str) -> String {
    let mut plain = String::new();
    let mut rest = address;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, after)) = after.split_once('}').filter(|(_, after)| after.starts_with('.')) else {
            return String::new();
        };
        plain.push_str(before);
        plain.push('x');
        rest = after;
    }
    plain + rest
}

fn is_fixed_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        url.scheme() == "https"
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

/// Whoever speaks of an origin speaks of one that is there.
fn names(manifest: &Manifest) -> Result<(), ManifestError> {
    let mut named = manifest
        .slots
        .values()
        .flat_map(|slot| slot.places.iter().map(|place| &place.origin))
        .chain(manifest.captures.iter().map(|capture| &capture.origin))
        .chain(manifest.learns.values().map(|learn| &learn.origin))
        .chain(manifest.auth.values().flat_map(|auth| auth.origins()))
        .chain(manifest.cookies.iter().flat_map(|cookies| &cookies.origins));
    match named.find(|origin| !manifest.origins.contains_key(*origin)) {
        Some(origin) => fail(format!(
            "it speaks of the origin {origin:?} and doesn't name it under origins"
        )),
        None => Ok(()),
    }
}
