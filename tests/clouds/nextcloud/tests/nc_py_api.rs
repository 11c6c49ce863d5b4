//! nc-py-api, which uploads by version 2 of the chunks' protocol.

mod clients;

use std::process::Command;

use camroll_cloud_nextcloud::{Account, Product, Storage};
use clients::{Setting, done, here, script};

#[test]
fn it_uploads_in_chunks_and_reads_back() {
    let Some(folder) = here("nc_py_api") else { return };
    for storage in [Storage::Disk, Storage::Objects] {
        let setting = Setting::new(Product::Nextcloud, storage);
        let account = Account::default();
        let output = Command::new(folder.join("bin/python"))
            .arg(script("upload_in_chunks.py"))
            .args([setting.server.url(), account.user])
            .arg(account.password.expect("it has one"))
            .output()
            .expect("Python runs");
        done(&output);
        assert_eq!(setting.server.count("chunk"), 6, "two files of three chunks");
        assert_eq!(setting.server.count("assemble"), 2);
        assert_eq!(setting.server.uploads(), Vec::<String>::new());
        assert_eq!(setting.server.files(), ["Photos/2024/é 1.mov"]);
    }
}
