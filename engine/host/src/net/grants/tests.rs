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

fn vault() -> Vault {
    Vault::open(Arc::new(InMemory::default()), BTreeMap::new()).unwrap()
}

fn grants(settings: &Value, vault: &Vault) -> Grants {
    Grants::new(manifest(), settings, vault).unwrap()
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
