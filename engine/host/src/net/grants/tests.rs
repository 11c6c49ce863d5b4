use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::vault::in_memory::InMemory;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn manifest() -> Arc<Manifest> {
    let text = json!({
        "manifest": 1, "id": "test", "version": "0.1.0", "interface": "0.1", "title": "", "summary": "", "roles": ["source"],
        "settings": {"type": "object", "properties": {}},
        "origins": {
            "setup": {"setting": "/setup", "address": "https://setup.example.com/setup/ws/1", "why": ""},
            "photos": {"learnt": "map", "why": ""},
            "content": {"learnt": "downloads", "why": ""}
        },
        "learns": {
            "map": {"method": "POST", "origin": "setup", "path": ["/validate"], "pointers": ["/photos"], "under": [".example.com"]},
            "downloads": {"method": "*", "origin": "photos", "path": ["/lookup"], "pointers": ["/content"]}
        }
    });
    Arc::new(Manifest::parse(text.to_string().as_bytes()).unwrap())
}

fn vault() -> Arc<Vault> {
    Arc::new(Vault::open(Arc::new(InMemory::default()), BTreeMap::new()).unwrap())
}

fn grants(settings: &Value, vault: &Arc<Vault>) -> Grants {
    Grants::new(manifest(), settings, Arc::clone(vault)).unwrap()
}

/// `teacher` answers with this.
fn taught(grants: &Grants, teacher: &str, answer: &Value) {
    let teacher = url(teacher);
    let granted = grants.check(&teacher, 0).unwrap();
    assert!(grants.teaches("POST", &teacher, &granted));
    grants.learn("POST", &teacher, &granted, answer, 0);
}

fn reach(grants: &Grants, text: &str) -> Option<Reach> {
    grants.check(&url(text), 1).ok().map(|granted| reach_of(&granted))
}

fn code<T: std::fmt::Debug>(result: Result<T, ConnectorError>) -> String {
    result.map_or_else(|error| error.code, |granted| format!("granted: {granted:?}"))
}

#[test]
fn a_prefix_grants_what_is_below_it_only() {
    let grants = grants(&json!({}), &vault());
    assert!(
        grants
            .check(&url("https://setup.example.com/setup/ws/1/validate"), 0)
            .is_ok()
    );
    for beside in [
        "/setup/ws/10/validate",
        "/setup/ws/1/../2/validate",
        "/setup/ws/1/%2e%2e/2",
    ] {
        let beside = url(&format!("https://setup.example.com{beside}"));
        assert_eq!(code(grants.check(&beside, 0)), "host/not-granted", "{beside}");
    }
}

#[test]
fn a_path_that_a_server_may_read_otherwise_is_refused_where_the_path_decides() {
    let grants = grants(&json!({}), &vault());
    for path in ["/..%2f..%2fadmin", "/x%5c..%5cadmin", "//validate", "/%2E%2e%2F2"] {
        let url = url(&format!("https://setup.example.com/setup/ws/1{path}"));
        assert_eq!(code(grants.check(&url, 0)), "host/ambiguous-path", "{url}");
    }
}

#[test]
fn only_the_port_that_a_person_named_may_be_private() {
    let grants = grants(&json!({"setup": "https://nas.lan:8443"}), &vault());
    assert_eq!(reach(&grants, "https://nas.lan:8443/x"), Some(Reach::Private));
    assert_eq!(reach(&grants, "https://nas.lan/x"), None);
    taught(
        &grants,
        "https://nas.lan:8443/validate",
        &json!({"photos": "https://nas.lan/"}),
    );
    assert_eq!(reach(&grants, "https://nas.lan/x"), Some(Reach::Public));
}

#[test]
fn a_public_teacher_teaches_no_private_addresses() {
    // Set by a person, so that the suffixes don't hold: but public by its own name.
    for teacher in ["https://mirror.example.org", "https://17.253.144.10"] {
        let grants = grants(&json!({"setup": teacher}), &vault());
        for private in [
            "https://192.168.1.1",
            "https://127.0.0.1",
            "https://localhost",
            "https://[::1]",
            "http://127.0.0.1:80",
        ] {
            taught(&grants, &format!("{teacher}/validate"), &json!({"photos": private}));
            assert_eq!(reach(&grants, private), None, "{private}");
        }
        // A name is learnt, and may lead to public addresses only.
        taught(
            &grants,
            &format!("{teacher}/validate"),
            &json!({"photos": "https://photos.example.org"}),
        );
        assert_eq!(
            reach(&grants, "https://photos.example.org"),
            Some(Reach::Public),
            "{teacher}"
        );
    }
}

#[test]
fn a_private_teacher_teaches_private_addresses_along_the_chain() {
    for teacher in [
        "http://127.0.0.1:4001",
        "http://localhost:4001",
        "https://192.168.1.5:4001",
    ] {
        let grants = grants(&json!({"setup": teacher}), &vault());
        taught(
            &grants,
            &format!("{teacher}/validate"),
            &json!({"photos": "https://127.0.0.1:4002"}),
        );
        taught(
            &grants,
            "https://127.0.0.1:4002/lookup",
            &json!({"content": "https://127.0.0.1:4003"}),
        );
        assert_eq!(
            reach(&grants, "https://127.0.0.1:4003/file"),
            Some(Reach::Private),
            "{teacher}"
        );
        // A public name in the chain ends it.
        taught(
            &grants,
            &format!("{teacher}/validate"),
            &json!({"photos": "https://photos.example.org"}),
        );
        taught(
            &grants,
            "https://photos.example.org/lookup",
            &json!({"content": "https://127.0.0.1:4004"}),
        );
        assert_eq!(reach(&grants, "https://127.0.0.1:4004/file"), None, "{teacher}");
    }
}

#[test]
fn suffixes_hold_along_the_chain_that_the_manifest_starts() {
    let grants = grants(&json!({}), &vault());
    let setup = "https://setup.example.com/setup/ws/1/validate";
    taught(&grants, setup, &json!({"photos": "https://photos.elsewhere.org"}));
    assert_eq!(reach(&grants, "https://photos.elsewhere.org"), None);
    taught(&grants, setup, &json!({"photos": "https://photos.example.com"}));
    assert_eq!(reach(&grants, "https://photos.example.com"), Some(Reach::Public));
}

#[tokio::test]
async fn what_an_address_taught_is_forgotten_with_the_address() {
    let store: Arc<InMemory> = Arc::default();
    let vault = Arc::new(Vault::open(Arc::clone(&store) as _, BTreeMap::new()).unwrap());
    let before = grants(&json!({"setup": "https://mirror.example.org"}), &vault);
    taught(
        &before,
        "https://mirror.example.org/validate",
        &json!({"photos": "https://photos.example.org"}),
    );
    taught(
        &before,
        "https://photos.example.org/lookup",
        &json!({"content": "https://content.example.org"}),
    );
    vault.keep().await.unwrap();
    let again = Arc::new(Vault::open(store, BTreeMap::new()).unwrap());
    let kept = grants(&json!({"setup": "https://mirror.example.org"}), &again);
    assert!(reach(&kept, "https://content.example.org").is_some());
    for settings in [json!({}), json!({"setup": "https://mirror.example.org:444"})] {
        let changed = grants(&settings, &again);
        assert!(reach(&changed, "https://photos.example.org").is_none(), "{settings}");
        assert!(reach(&changed, "https://content.example.org").is_none(), "{settings}");
    }
}
