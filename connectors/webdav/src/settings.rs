//! What the person set, and what follows from it.

use camroll_connector::errors::error;
use camroll_connector::types::{Error, ErrorClass};
use serde::Deserialize;

use crate::address::{encoded, Place};
use crate::presets::{preset, Preset};

/// The manifest's `settings`; slots' names where secrets stand.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    preset: String,
    url: Option<String>,
    user: Option<String>,
    password: Option<String>,
    token: Option<String>,
    #[serde(default)]
    sign_in: PasswordBy,
    path: Option<String>,
}

/// How a password goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PasswordBy {
    #[default]
    Basic,
    Digest,
}

/// How requests are signed in, by what is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// Neither user nor token.
    None,
    /// User and password, as they are.
    Basic,
    /// User and password, by what is computed of them for a server's challenge.
    Digest,
    /// A token.
    Bearer,
}

/// A destination that can be asked.
#[derive(Clone, Debug)]
pub struct Destination {
    /// What is known of the service.
    pub preset: &'static Preset,
    /// Where files are.
    pub place: Place,
    /// Where chunks go.
    pub uploads: Option<Place>,
    /// Where the server tells which names it takes.
    pub capabilities: Option<String>,
    /// How requests are signed in.
    pub sign_in: SignIn,
    /// For people.
    pub name: String,
}

fn wrong(pointer: &str, message: String) -> Error {
    Error {
        details: vec![("setting".into(), pointer.into())],
        ..error(ErrorClass::InvalidSetting, "webdav/setting", message)
    }
}

impl Settings {
    /// What they come to. `fixed` tells the address that the manifest has for a preset.
    pub fn destination(&self, fixed: impl Fn(&str) -> Option<String>) -> Result<Destination, Error> {
        let preset =
            preset(&self.preset).ok_or_else(|| wrong("/preset", format!("There is no preset {:?}.", self.preset)))?;
        let address = match (&self.url, fixed(preset.id)) {
            (Some(url), _) => url.clone(),
            (None, Some(address)) => address,
            (None, None) => {
                return Err(wrong(
                    "/url",
                    format!(
                        "{} needs `url`, such as {}.",
                        preset.title,
                        preset.address.unwrap_or("https://nas.local:5006")
                    ),
                ))
            }
        };
        let address = address.trim_end_matches('/');
        if preset.uploads.is_some() && address.contains("/remote.php") {
            return Err(wrong(
                "/url",
                "Give what stands before /remote.php: chunks of large files go to another place behind it.".to_owned(),
            ));
        }
        let sign_in = match (&self.user, &self.password, &self.token) {
            (_, None, Some(_)) => SignIn::Bearer,
            (Some(_), Some(_), None) => match self.sign_in {
                PasswordBy::Basic => SignIn::Basic,
                PasswordBy::Digest => SignIn::Digest,
            },
            (None, None, None) => SignIn::None,
            (_, Some(_), Some(_)) => return Err(wrong("/token", "Either `password` or `token`, not both.".to_owned())),
            (None, Some(_), None) => return Err(wrong("/user", "`password` needs `user`.".to_owned())),
            (Some(_), None, None) => return Err(wrong("/password", "`user` needs `password`.".to_owned())),
        };
        let user = self.user.as_deref();
        let tree = |pattern: &str| match (pattern.contains("{user}"), user) {
            (true, None) => Err(wrong(
                "/user",
                format!("{} needs `user`: its folders are named by it.", preset.title),
            )),
            (_, user) => Ok(format!(
                "{address}{}",
                pattern.replace("{user}", &encoded(user.unwrap_or_default()))
            )),
        };
        let root = self.path.as_deref().unwrap_or_default().trim_matches('/');
        if root.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(wrong("/path", "`path` can't hold \".\" or \"..\".".to_owned()));
        }
        let host = address
            .split("//")
            .nth(1)
            .unwrap_or(address)
            .split('/')
            .next()
            .unwrap_or_default();
        Ok(Destination {
            preset,
            place: Place::new(tree(preset.tree)?, root),
            uploads: match preset.uploads {
                Some(pattern) => Some(Place::new(tree(pattern)?, "")),
                None => None,
            },
            capabilities: preset.capabilities.map(|path| format!("{address}{path}")),
            sign_in,
            name: match user {
                Some(user) => format!("{user} at {host}"),
                None => host.to_owned(),
            },
        })
    }
}

/// The address that the manifest has for a preset.
pub fn fixed_address(preset: &str) -> Option<String> {
    let manifest: serde_json::Value = serde_json::from_str(include_str!("../manifest.json")).ok()?;
    manifest["origins"]["server"]["by"]["/preset"][preset]
        .as_str()
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Result<Destination, Error> {
        serde_json::from_str::<Settings>(json)
            .expect("settings")
            .destination(fixed_address)
    }

    #[test]
    fn a_service_has_its_own_address_and_a_server_needs_one() {
        let pcloud = of(r#"{"preset":"pcloud","user":"a@b.org","password":"password"}"#).expect("a destination");
        assert_eq!(pcloud.place.url("x y"), "https://webdav.pcloud.com/x%20y");
        let europe = of(r#"{"preset":"pcloud","url":"https://ewebdav.pcloud.com/","user":"u","password":"password"}"#);
        assert_eq!(
            europe.expect("a destination").place.url("a"),
            "https://ewebdav.pcloud.com/a"
        );
        let missing = of(r#"{"preset":"generic"}"#).expect_err("no address");
        assert_eq!(missing.details, [("setting".to_owned(), "/url".to_owned())]);
    }

    #[test]
    fn nextclouds_folders_are_named_by_the_user() {
        let cloud = of(r#"{"preset":"nextcloud","url":"https://c.org/","user":"al ice","password":"password","path":"/Photos/2024/"}"#)
            .expect("a destination");
        assert_eq!(
            cloud.place.url(""),
            "https://c.org/remote.php/dav/files/al%20ice/Photos/2024"
        );
        assert_eq!(
            cloud.uploads.expect("chunks").url("k"),
            "https://c.org/remote.php/dav/uploads/al%20ice/k"
        );
        let whole = of(
            r#"{"preset":"nextcloud","url":"https://c.org/remote.php/dav/files/x","user":"x","password":"password"}"#,
        );
        assert_eq!(whole.expect_err("too much").code, "webdav/setting");
    }

    #[test]
    fn secrets_that_dont_fit_together_are_named() {
        let url = r#""preset":"generic","url":"https://x.org""#;
        for (rest, setting) in [
            (r#","user":"u""#, "/password"),
            (r#","password":"password""#, "/user"),
            (r#","user":"u","password":"password","token":"token""#, "/token"),
            (r#","path":"../x""#, "/path"),
        ] {
            let error = of(&format!("{{{url}{rest}}}")).expect_err("it doesn't fit");
            assert_eq!(error.details, [("setting".to_owned(), setting.to_owned())], "{rest}");
        }
        assert_eq!(
            of(&format!("{{{url},\"token\":\"token\"}}")).expect("a token").sign_in,
            SignIn::Bearer
        );
    }
}
