use serde_json::json;

use super::*;

fn manifest() -> Value {
    json!({
        "manifest": 1, "id": "test", "version": "0.1.0", "interface": "0.1", "title": "", "summary": "", "roles": ["source"],
        "settings": {"type": "object", "properties": {
            "region": {"type": "string", "enum": ["china", "global"], "default": "global"},
            "tier": {"type": "string"},
            "endpoint": {"type": "string"}
        }},
        "origins": {
            "auth": {"setting": "/endpoint", "by": {"/region": {"china": "https://auth.example.cn", "global": "https://auth.example.com"}}, "why": ""},
            "files": {"by": {"/tier": {"gold": "https://gold.example.com"}}, "why": ""},
            "other": {"by": {"/tier": {"gold": "https://gold.example.com"}}, "address": "https://other.example.com", "why": ""}
        },
        "slots": {"token": {"captured": true, "places": [{"method": "POST", "origin": "auth", "path": "/**", "header": "X-Token"}], "why": ""}},
        "captures": [{"slot": "token", "method": "*", "origin": "auth", "path": "/**", "json": "/token"}],
        "auth": {
            "digest": {"scheme": "http-digest", "origins": ["auth"], "user": "/user", "password": "token"},
            "key": {"scheme": "api-key", "origins": ["auth"], "header": "x-api-key", "key": "token"},
            "signed": {"scheme": "aws-sigv4", "origins": ["auth"], "access-key": "token", "secret-key": "token", "region": "/region", "service": "s3"}
        }
    })
}

/// What is wrong with it once this is there.
fn wrong(pointer: &str, value: Value) -> String {
    let mut manifest = manifest();
    *manifest.pointer_mut(pointer).unwrap() = value;
    match Manifest::parse(manifest.to_string().as_bytes()) {
        Ok(_) => "nothing".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn address(name: &str, settings: Value) -> Option<(String, SaidBy)> {
    let manifest = Manifest::parse(manifest().to_string().as_bytes()).unwrap();
    let (url, said_by) = manifest.address(name, &settings)?;
    Some((url.to_string(), said_by))
}

#[test]
fn what_a_manifest_may_not_say_is_refused_in_words() {
    for (pointer, value, words) in [
        ("/slots/token/places/0/header", json!("Cookie"), "host's to set"),
        (
            "/slots/token/places/0/header",
            json!("X-Forwarded-For"),
            "host's to set",
        ),
        ("/slots/token/places/0/path", json!("/**/x"), "goes on after"),
        ("/captures/0/json", Value::Null, "exactly one of header, cookie, json"),
        ("/captures/0/slot", json!("other"), "no such slot"),
        (
            "/origins/other",
            json!({"address": "https://other.example.com", "label": "/bucket", "why": ""}),
            "beside `setting`",
        ),
        ("/auth/digest/scheme", json!("http-ntlm"), "unknown variant"),
        ("/auth/digest/password", json!("other"), "no such slot"),
        ("/auth/digest/user", json!("user"), "no JSON pointer"),
        ("/auth/digest/origins", json!([]), "names no origin"),
        ("/auth/key/key", json!("other"), "no such slot"),
        ("/auth/key/header", json!("Cookie"), "the host's to set"),
        ("/auth/key/header", json!("no header"), "no header at all"),
        (
            "/auth/signed/origins",
            json!(["nowhere"]),
            "doesn't name it under origins",
        ),
        ("/auth/signed/region", json!("eu"), "no JSON pointer"),
        ("/origins/other/address", json!("http://127.0.0.1:80"), "isn't https"),
        (
            "/origins/other/address",
            json!("https://user:pass@example.com"),
            "isn't https",
        ),
        (
            "/origins/other/address",
            json!("https://example.com/?x=1"),
            "isn't https",
        ),
        (
            "/origins/auth/by/~1region/china",
            json!("http://auth.example.cn"),
            "isn't https",
        ),
    ] {
        let said = wrong(pointer, value);
        assert!(said.contains(words), "{pointer}: {said}");
    }
    assert_eq!(wrong("/title", json!("A title")), "nothing");
}

#[test]
fn a_name_that_is_there_twice_is_refused_wherever_it_is() {
    let once = manifest().to_string();
    for (found, twice) in [
        ("\"title\":\"\"", "\"title\":\"\",\"title\":\"other\""),
        (
            "\"why\":\"\"}},\"slots\"",
            "\"why\":\"\"},\"auth\":{\"address\":\"https://example.org\",\"why\":\"\"}},\"slots\"",
        ),
        (
            "\"default\":\"global\"",
            "\"default\":\"global\",\"def\\u0061ult\":\"china\"",
        ),
    ] {
        assert!(once.contains(found), "{found}");
        let error = Manifest::parse(once.replacen(found, twice, 1).as_bytes()).unwrap_err();
        assert!(error.to_string().contains("is there twice"), "{twice}: {error}");
    }
}

#[test]
fn a_label_stands_before_the_host_that_a_person_named() {
    let mut manifest = manifest();
    manifest["origins"]["auth"]["label"] = json!("/bucket");
    let manifest = Manifest::parse(manifest.to_string().as_bytes()).unwrap();
    for (endpoint, bucket, expected) in [
        (
            "https://mine.example.org:8443",
            "photos",
            Some("https://photos.mine.example.org:8443/"),
        ),
        ("https://mine.example.org", "photos@evil.example", None),
        ("https://mine.example.org", "evil.example/", None),
        ("http://127.0.0.1:9000", "photos", None),
    ] {
        let address = manifest.address("auth", &json!({"endpoint": endpoint, "bucket": bucket}));
        let address = address.map(|(url, said_by)| (url.to_string(), said_by));
        assert_eq!(
            address,
            expected.map(|url| (url.to_owned(), SaidBy::Person)),
            "{endpoint} {bucket}"
        );
    }
}

#[test]
fn an_unset_setting_chooses_by_its_default() {
    let by_manifest = |url: &str| Some((url.to_owned(), SaidBy::Manifest));
    assert_eq!(address("auth", json!({})), by_manifest("https://auth.example.com/"));
    assert_eq!(
        address("auth", json!({"region": "china"})),
        by_manifest("https://auth.example.cn/")
    );
    assert_eq!(
        address("auth", json!({"endpoint": "https://mine.example.org"})),
        Some(("https://mine.example.org/".to_owned(), SaidBy::Person))
    );
    // Without a default nothing is chosen.
    assert_eq!(address("files", json!({})), None);
    assert_eq!(address("files", json!({"tier": "silver"})), None);
    assert_eq!(
        address("files", json!({"tier": "gold"})),
        by_manifest("https://gold.example.com/")
    );
    assert_eq!(address("other", json!({})), by_manifest("https://other.example.com/"));
}

#[test]
fn a_connection_below_http_goes_where_a_person_says_and_signs_in_with_slots() {
    let sftp = json!({
        "host": "/host", "port": "/port", "default-port": 22, "security": ["ssh"], "why": "",
        "ssh": {"user": "/user", "key": "token", "known-hosts": "/known_hosts", "subsystem": "sftp"}
    });
    let said = |pointer: &str, value: Value| {
        let mut manifest = manifest();
        manifest["tcp"] = json!({ "sftp": sftp });
        *manifest.pointer_mut(&format!("/tcp/sftp{pointer}")).unwrap() = value;
        match Manifest::parse(manifest.to_string().as_bytes()) {
            Ok(_) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(said("/port", json!("/port")), "nothing");
    for (pointer, value, words) in [
        ("/host", json!("evil.example.com"), "no JSON pointer"),
        ("/ssh/known-hosts", json!(""), "no JSON pointer"),
        ("/security", json!([]), "no security"),
        ("/default-port", json!(0), "no default port"),
        ("/security", json!(["plain"]), "exactly where it is made by SSH"),
        ("/ssh/key", json!("other"), "no such slot"),
        ("/ssh/key", Value::Null, "no slot at all"),
        ("/ssh/subsystem", json!("sftp; rm"), "subsystem"),
        ("/security", json!(["telnet"]), "unknown variant"),
        ("/ssh", json!({"user": "/u", "accept-any": true}), "unknown field"),
    ] {
        assert!(said(pointer, value).contains(words), "{pointer}: {words}");
    }
}

#[test]
fn a_session_of_smb_signs_in_with_a_slot() {
    let smb = json!({
        "host": "/host", "port": "/port", "default-port": 445, "security": ["smb"], "why": "",
        "smb": {"user": "/user", "domain": "/domain", "password": "token", "encryption": "/encryption"}
    });
    let said = |pointer: &str, value: Value| {
        let mut manifest = manifest();
        manifest["tcp"] = json!({ "smb": smb });
        *manifest.pointer_mut(&format!("/tcp/smb{pointer}")).unwrap() = value;
        match Manifest::parse(manifest.to_string().as_bytes()) {
            Ok(_) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(said("/port", json!("/port")), "nothing");
    for (pointer, value, words) in [
        ("/smb/user", json!("alice"), "no JSON pointer"),
        ("/smb/domain", json!("WORKGROUP"), "no JSON pointer"),
        ("/smb/encryption", json!("prefer"), "no JSON pointer"),
        ("/smb/password", json!("other"), "no such slot"),
        ("/security", json!(["plain"]), "exactly where it is made by SMB"),
        ("/smb", json!({"user": "/u", "guest": true}), "unknown field"),
    ] {
        assert!(said(pointer, value).contains(words), "{pointer}: {words}");
    }
    let mut with_line = smb.clone();
    with_line["lines"] = json!({"token": "PASS {}\r\n"});
    assert!(said("", with_line).contains("made by SMB, which signs in by itself"));
}

#[test]
fn a_secret_is_written_as_a_part_of_one_line_and_of_nothing_else() {
    let ftp = json!({
        "host": "/host", "port": "/port", "default-port": 21, "security": ["plain"], "why": "",
        "lines": {"token": "PASS {}\r\n"}, "plain": {"setting": "/tls", "is": "none"}, "beside": true
    });
    let said = |pointer: &str, value: Value| {
        let mut manifest = manifest();
        manifest["tcp"] = json!({ "ftp": ftp });
        *manifest.pointer_mut(&format!("/tcp/ftp{pointer}")).unwrap() = value;
        match Manifest::parse(manifest.to_string().as_bytes()) {
            Ok(_) => "nothing".to_owned(),
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(said("/why", json!("it is needed")), "nothing");
    let long = format!("PASS {}{{}}\r\n", "x".repeat(200));
    for line in [
        "PASS {}",
        "PASS {}\n",
        "PASS\r\n",
        "PASS {}{}\r\n",
        "A\r\nPASS {}\r\n",
        "PASS {}\0\r\n",
        "PÄSS {}\r\n",
        &long,
    ] {
        assert!(said("/lines/token", json!(line)).contains("isn't one line"), "{line:?}");
    }
    assert!(said("/lines", json!({"other": "PASS {}\r\n"})).contains("no such slot"));
    assert!(said("/plain/setting", json!("tls")).contains("no JSON pointer"));
    let ssh = json!({"user": "/user", "key": "token", "known-hosts": "/known_hosts", "subsystem": "sftp"});
    let mut by_ssh = ftp.clone();
    by_ssh["security"] = json!(["ssh"]);
    by_ssh["ssh"] = ssh;
    assert!(said("", by_ssh).contains("signs in by itself"));
}
