//! What the codes of errors mean, for `camroll explain CODE`. Those of specs are in camroll-spec.

/// Code and page.
pub const CODES: &[(&str, &str)] = &[
    (
        "apple/wrong-password",
        "Apple refused the address or the password. It isn't tried again by itself, since Apple rations sign-ins.\nCheck both at icloud.com, mend the secret that the spec refers to, and run `camroll login NAME`.",
    ),
    (
        "apple/app-specific-password",
        "Apple takes no app-specific passwords for photos. Refer to the account's own password: camroll computes a proof of it (SRP) and never sends it.",
    ),
    (
        "apple/second-factor",
        "Apple asks for a code. Run `camroll login NAME` and enter it. The trust that Apple gives lasts a month or two; `camroll status` says when it ends, as far as Apple tells.",
    ),
    (
        "apple/account-locked",
        "Apple has locked the account for safety. Unlock it at iforgot.apple.com, then run `camroll login NAME`.",
    ),
    (
        "apple/throttled",
        "Apple turns sign-ins away after about ten in a while. Leave it alone for some hours: each further try makes it longer. What is signed in goes on working.",
    ),
    (
        "apple/web-access-off",
        "Access iCloud Data on the Web is off. On an iPhone: Settings, your name, iCloud, Access iCloud Data on the Web.",
    ),
    (
        "apple/adp-on",
        "Advanced Data Protection is on. Reading such a library over the web needs a consent on a device for each hour, which this camroll can't ask for yet.",
    ),
    (
        "apple/terms",
        "Apple has new terms. Read and accept them at icloud.com; camroll doesn't accept them for you.",
    ),
    (
        "apple/security-key",
        "The account signs in with a security key, which this camroll can't do yet.",
    ),
    (
        "apple/no-photos",
        "The account has no iCloud Photos on the web. Open icloud.com/photos once and see that iCloud Photos is on.",
    ),
    (
        "apple/wrong-region",
        "The account's data is in the other region: set `region: china` or `region: global`.",
    ),
    (
        "apple/library-busy",
        "The library changed in each of three listings. What was listed is kept. Run it again when it is quieter.",
    ),
    (
        "brake/tripped",
        "More files would be replaced or removed than the spec's `limits.destructive` allows within seven days. All of them stay pending. If that many are meant, raise the limit that the message names and run it again.",
    ),
    (
        "destination/not-the-same",
        "Files were placed at this destination, and what is there now isn't it: its `.camroll/id` is missing or another one. Usually a disk isn't mounted. Nothing was written.",
    ),
    (
        "destination/no-space",
        "More is to be sent than the destination has room for. Nothing of it was sent. Make room, or narrow the filters.",
    ),
    (
        "files/no-folder",
        "The destination's folder isn't there. camroll doesn't make it, so that an empty mount point isn't taken for an empty archive.",
    ),
    (
        "files/vanished",
        "The destination's folder is no longer the one that it was when the run began. Nothing more was written.",
    ),
    (
        "files/full",
        "The disk is full. What was placed is whole and recorded; the rest is sent by the next run.",
    ),
    (
        "files/read-only",
        "The folder can't be written: it is mounted read-only, or camroll's user has no right to.",
    ),
    (
        "host/wrong-digest",
        "The bytes that came aren't the ones that the source promised: its checksum says so. They were never published. The file is fetched again, up to three times in a run, and by each next run.",
    ),
    (
        "host/wrong-size",
        "Fewer or more bytes came than the source promised. They were never published. The file is fetched again.",
    ),
    (
        "host/not-granted",
        "A connector wanted to reach a host that its manifest doesn't name. It was stopped.",
    ),
    (
        "host/private-address",
        "A host's name led to an address of this machine or of a private network. The connector was stopped.",
    ),
    (
        "source/no-bytes-yet",
        "The library has the entry, and a device hasn't finished uploading the bytes. Each run asks again.",
    ),
    (
        "source/original-changed",
        "The original of an asset has other bytes than before. An original is never overwritten: the new bytes stand beside the old ones.",
    ),
    (
        "sync/breaker-open",
        "The service failed three times in a row for good. It is left alone for half an hour; then run it again.",
    ),
    (
        "sync/resting",
        "The service failed so often that it is left alone for half an hour. Run it again later.",
    ),
    (
        "sync/read-back-differs",
        "What was read back isn't what was sent. The disk or the network in between can't be trusted.",
    ),
];

/// The page of a code.
pub fn explain(code: &str) -> Option<&'static str> {
    CODES
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, page)| *page)
        .or_else(|| camroll_spec::report::explain_code(code))
}

/// Every code that has a page.
pub fn all() -> impl Iterator<Item = &'static str> {
    CODES
        .iter()
        .map(|(code, _)| *code)
        .chain(camroll_spec::report::CODES.iter().map(|known| known.code))
}
