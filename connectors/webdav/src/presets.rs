//! What is known of each service and software, as data. The addresses stand in the manifest: grants come from there.
//!
//! Where nothing certain is known a line says what is safe, not what is likely.

/// How a file's time is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// By the header X-OC-Mtime; the service says so.
    Header,
    /// Tried by the header, then by PROPPATCH; looked at afterwards.
    FindOut,
    /// The time of the upload is what it gets.
    Never,
}

/// How files of a size go up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upload {
    /// One PUT, whatever the size.
    Whole,
    /// One PUT; large files in ranges, by more than one connection, to a server that is far away and proves that it puts them together.
    Ranges,
    /// In chunks beside the files' tree, from `CHUNK` bytes on.
    Chunks,
}

/// Which digests come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksums {
    /// None.
    None,
    /// OC-Checksum is sent and kept as it was told: what is told of it later is no proof. The service computes one of its own when it is asked to.
    Computed,
    /// OC-Checksum is sent and compared with the bytes. Whether it is shows at the server itself: one that is wrong must be refused.
    Compared,
    /// The service tells a SHA-1 that it made itself.
    Told,
}

/// What a name can't hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// All but what no address can carry.
    Any,
    /// Nor what some servers cut off in a Destination (measured on wsgidav: all behind ";" or "?").
    Careful,
    /// What Windows can't hold neither.
    Windows,
}

/// A service or a software.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What `preset` names.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// Where the manifest has no address: an example of what the person has to give.
    pub address: Option<&'static str>,
    /// What stands between the address and the user's files; "{user}" is the user's name.
    pub tree: &'static str,
    /// Where chunks go.
    pub uploads: Option<&'static str>,
    /// Where it tells which names it takes.
    pub capabilities: Option<&'static str>,
    /// How a file's time is set.
    pub clock: Clock,
    /// How files go up.
    pub upload: Upload,
    /// Digests.
    pub checksums: Checksums,
    /// Names.
    pub names: Names,
    /// Bytes of the longest name.
    pub name_limit: u32,
    /// Largest file, bytes.
    pub max_size: Option<u64>,
    /// A header without which it doesn't give files.
    pub referer: bool,
    /// What to look at when the password is refused.
    pub password_hint: &'static str,
    /// Where this is from, and how sure it is. "Not checked" is said of what nobody looked up or ran.
    pub source: &'static str,
}

const GENERIC: Preset = Preset {
    id: "generic",
    title: "the server",
    address: Some("https://nas.local:5006"),
    tree: "",
    uploads: None,
    capabilities: None,
    clock: Clock::FindOut,
    upload: Upload::Ranges,
    checksums: Checksums::None,
    names: Names::Careful,
    name_limit: 255,
    max_size: None,
    referer: false,
    password_hint: "Look at user and password.",
    source: "measured on Apache mod_dav, nginx, wsgidav, rclone, SeaweedFS and copyparty: the form that works on all of them",
};

/// A service with an address of its own, of which no more is known than that.
const SERVICE: Preset = Preset {
    address: None,
    clock: Clock::FindOut,
    upload: Upload::Whole,
    names: Names::Windows,
    ..GENERIC
};

/// All of them.
pub const PRESETS: &[Preset] = &[
    GENERIC,
    Preset {
        id: "nextcloud",
        title: "Nextcloud",
        address: Some("https://cloud.example.com"),
        tree: "/remote.php/dav/files/{user}",
        uploads: Some("/remote.php/dav/uploads/{user}"),
        capabilities: Some("/ocs/v2.php/cloud/capabilities?format=json"),
        clock: Clock::Header,
        upload: Upload::Chunks,
        names: Names::Any,
        name_limit: 250,
        checksums: Checksums::Computed,
        password_hint: "With two-factor sign-in it must be an app password: Settings, Security, \"Create new app password\". The user is the \"Username\" that stands beside it.",
        source: "nextcloud/server, apps/dav and lib/private/Files, read; run against a simulator that rclone, nc-py-api and Nextcloud's own command for desktops are satisfied with. Not run against a server. App passwords: the vendor's manual, https://docs.nextcloud.com/server/latest/user_manual/en/session_management.html, read",
        ..GENERIC
    },
    Preset {
        id: "owncloud",
        title: "ownCloud",
        address: Some("https://cloud.example.com"),
        tree: "/remote.php/dav/files/{user}",
        uploads: Some("/remote.php/dav/uploads/{user}"),
        clock: Clock::Header,
        upload: Upload::Chunks,
        names: Names::Any,
        name_limit: 250,
        checksums: Checksums::Compared,
        password_hint: "With two-factor sign-in it must be an app password: Settings, Security, \"App passwords\".",
        source: "owncloud/core (ownCloud 10), apps/dav and lib/private/Files, read; run against a simulator that rclone is satisfied with. Not run against a server. ownCloud Infinite Scale and OpenCloud take large files another way: not checked",
        ..GENERIC
    },
    Preset {
        id: "fastmail",
        title: "Fastmail",
        clock: Clock::Header,
        checksums: Checksums::Told,
        names: Names::Any,
        password_hint: "It must be an app password with access to Files: Settings, Privacy & Security, Integrations, \"New app password\".",
        source: "rclone's webdav backend, vendor fastmail: X-OC-Mtime, SHA-1 in the property sha1hex of namespace ME:, precision of a second. 250 MB for a file is reported. App passwords: the vendor's help, https://www.fastmail.com/help/clients/apppassword.html, read (access Files (WebDAV), not with the plan Basic)",
        ..SERVICE
    },
    Preset {
        id: "pcloud",
        title: "pCloud",
        clock: Clock::Never,
        password_hint: "WebDAV signs in with the account's own password and doesn't work with two-factor sign-in. Accounts of the European region need `url: https://ewebdav.pcloud.com`.",
        source: "docs.cryptomator.org, supported cloud services: addresses of both regions, no two-factor sign-in, paid plans. The time of the upload: reports of users. No page of the vendor's was found; not checked",
        ..SERVICE
    },
    Preset {
        id: "yandex",
        title: "Yandex Disk",
        password_hint: "It must be an app password of the kind \"Files\": Yandex ID, Security, \"App passwords\".",
        source: "https://yandex.com/support/passport/authorization/app-passwords.html, read: an app password for WebDAV, which ends when the account's password changes. Address: docs.cryptomator.org, supported cloud services. Slow for free accounts: reports of users, not checked",
        ..SERVICE
    },
    Preset {
        id: "hidrive",
        title: "HiDrive",
        tree: "/users/{user}",
        password_hint: "WebDAV is an option of the plan, to be turned on in the settings. IONOS' needs `url: https://webdav.hidrive.ionos.com`.",
        source: "docs.cryptomator.org, supported cloud services: addresses of STRATO and IONOS, a code beside the password with two-factor sign-in. The vendor's page, named by other clients and not read: https://www.strato.de/faq/cloud-speicher/ueber-welche-protokolle-kann-ich-mich-mit-hidrive-verbinden/. /users/NAME, an option of the plan: reports of users. KeePassium has https://NAME.webdav.hidrive.ionos.com for IONOS. Not checked",
        ..SERVICE
    },
    Preset {
        id: "opendrive",
        title: "OpenDrive",
        source: "reports of users: address, paid plans, and other clients' sources. No page of the vendor's was found; not checked",
        ..SERVICE
    },
    Preset {
        id: "4shared",
        title: "4shared",
        max_size: Some(2 << 30),
        source: "reports of users: address, 2 GB for a file on free plans, and other clients' sources. No page of the vendor's was found; not checked",
        ..SERVICE
    },
    Preset {
        id: "icedrive",
        title: "Icedrive",
        clock: Clock::Never,
        password_hint: "It must be the access key that Icedrive makes for WebDAV, not the account's password; paid plans only. The encrypted area can't be reached.",
        source: "docs.cryptomator.org, supported cloud services: address, an access key, paid plans. The vendor's page, named there and not read: https://icedrive.net/help/account/does-icedrive-support-webdav. The time of the upload: reports of users. Names by the safest assumption. Not checked",
        ..SERVICE
    },
    Preset {
        id: "premiumize",
        title: "Premiumize.me",
        password_hint: "The user is the customer id, the password the API key (or PIN) of the account's page.",
        source: "reports of users: address, customer id and key, and other clients' sources. No page of the vendor's was found; not checked",
        ..SERVICE
    },
    Preset {
        id: "putio",
        title: "Put.io",
        source: "reports of users: address, and other clients' sources. No page of the vendor's was found; not checked",
        ..SERVICE
    },
    Preset {
        id: "pikpak",
        title: "PikPak",
        password_hint: "User and password are made in the app: Settings, Experiments, WebDAV.",
        source: "reports of users: address, user and password from the experimental settings, and other clients' sources. No page of the vendor's was found; not checked",
        ..SERVICE
    },
    Preset {
        id: "seafile",
        title: "Seafile",
        address: Some("https://seafile.example.com"),
        tree: "/seafdav",
        upload: Upload::Whole,
        names: Names::Windows,
        password_hint: "The administrator must have turned on SeafDAV; accounts with single sign-on need a WebDAV password from their settings. `path` begins with a library's name.",
        source: "the vendor's manual (haiwen/seafile-admin-docs, manual/extension/webdav.md), read: off unless the administrator turns it on, /seafdav behind a proxy, which must rewrite Destination to http. The WebDAV password of single sign-on: not checked",
        ..GENERIC
    },
    Preset {
        id: "synology",
        title: "Synology NAS",
        address: Some("https://nas.local:5006"),
        upload: Upload::Whole,
        names: Names::Windows,
        password_hint: "The package WebDAV Server must be installed and the user allowed to use it. With `path: home/Photos` Synology Photos shows what is there.",
        source: "KeePassium: port 5006, and the vendor's page, named there and not read: https://kb.synology.com/en-global/DSM/tutorial/How_to_access_files_on_Synology_NAS_with_WebDAV. home/Photos is indexed: reports of users. Not checked",
        ..GENERIC
    },
    Preset {
        id: "filelu",
        title: "FileLU",
        referer: true,
        source: "one client's source: a GET without a Referer of the same site is answered by 500. Its S3 is the better way (connector s3, provider filelu-s5). Not checked",
        ..SERVICE
    },
];

/// The preset of that id.
pub fn preset(id: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_where_it_is_from_and_none_lends_it_from_another() {
        for preset in PRESETS {
            assert!(!preset.source.is_empty(), "{}", preset.id);
            let lent = preset.source == GENERIC.source && preset.id != GENERIC.id;
            assert!(!lent, "{} says what {} says", preset.id, GENERIC.id);
        }
    }

    #[test]
    fn ranges_are_only_tried_where_it_isnt_known_what_answers() {
        let tried = PRESETS.iter().filter(|preset| preset.upload == Upload::Ranges);
        assert_eq!(tried.map(|preset| preset.id).collect::<Vec<_>>(), ["generic"]);
    }

    #[test]
    fn the_manifest_and_the_presets_say_the_same() {
        let manifest: serde_json::Value =
            serde_json::from_str(include_str!("../manifest.json")).expect("the manifest is JSON");
        let listed: Vec<&str> = manifest["settings"]["properties"]["preset"]["enum"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|id| id.as_str())
            .collect();
        let known: Vec<&str> = PRESETS.iter().map(|preset| preset.id).collect();
        assert_eq!(listed, known);
        for preset in PRESETS {
            let fixed = &manifest["origins"]["server"]["by"]["/preset"][preset.id];
            assert_ne!(
                fixed.is_string(),
                preset.address.is_some(),
                "{}: one address, not two",
                preset.id
            );
        }
    }
}
