//! Other ways to sign in at WebDAV servers than by a password as it is: by digests, where a question may be found stale when a file's bytes are under way and can't be sent twice; by a token.

mod setting;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use camroll_cloud_apple::{Content, apple_checksum};
use camroll_servers::webdav::{PASSWORD, USER};
use camroll_servers::{Act, Between, Fetched, RcloneWebdav, Wsgidav, fetched};
use setting::{Run, Setting, name};

const SIZE: u64 = 30_000;
const COUNT: u64 = 40;

/// What the server asks, with another nonce and the word that the last one is stale. Wsgidav takes any nonce.
fn stale(server: SocketAddr) -> Vec<(String, String)> {
    let mut stream = TcpStream::connect(server).expect("it listens");
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (_, rest) = answer.split_once("realm=\"").expect("a digest's challenge");
    let (realm, _) = rest.split_once('"').expect("its realm");
    let challenge = format!("Digest realm=\"{realm}\", nonce=\"another\", algorithm=MD5, qop=\"auth\", stale=true");
    vec![("WWW-Authenticate".to_owned(), challenge)]
}

fn sync(setting: &Setting) -> Run {
    let mut command = setting.command(&["sync", "family.yaml", "--json"]);
    command.env("DAV_PASSWORD", PASSWORD);
    Run::of(command.output().expect("camroll runs"))
}

/// No server that can be had here checks tokens: that each request has it is seen on the wire, and that nothing else has.
#[test]
fn a_token_goes_with_every_request_and_nowhere_else() {
    let rclone = match fetched("rclone") {
        Fetched::Here(folder) => folder,
        Fetched::Missing(why) => return eprintln!("not run: {why}"),
    };
    const TOKEN: &str = "eyJhbGciOi.token-of-the-test";
    let server = RcloneWebdav::open(&rclone);
    let between = Between::start(server.server().address());
    let setting = Setting::new();
    setting.add_photos(5, SIZE);
    setting.send_to(&format!(
        "destination:\n  connector: webdav\n  with:\n    preset: generic\n    url: {:?}\n    token: {{ env: DAV_TOKEN }}\n    path: family\n",
        between.url()
    ));
    setting.login();
    let mut command = setting.command(&["sync", "family.yaml", "--json"]);
    let run = Run::of(command.env("DAV_TOKEN", TOKEN).output().expect("camroll runs"));
    assert_eq!((run.code, run.put()), (0, 5), "{}{}", run.out, run.err);
    let asked = between.asked();
    assert!(asked.len() > 10);
    for one in asked {
        let said = one.header("authorization");
        assert_eq!(said, Some(format!("Bearer {TOKEN}").as_str()), "{}", one.line);
    }
    assert!(!format!("{}{}", run.out, run.err).contains(TOKEN), "it was printed");
}

#[test]
fn a_question_that_is_stale_at_a_put_costs_one_file_one_more_try() {
    let folder = match fetched("wsgidav") {
        Fetched::Here(folder) => folder,
        Fetched::Missing(why) => return eprintln!("not run: {why}"),
    };
    for early in [false, true] {
        let server = Wsgidav::with_digests(&folder);
        let address = server.server().address();
        let between = Between::start(address);
        let answer = ("401 Unauthorized".to_owned(), stale(address), String::new());
        let act = match early {
            false => Act::Answer(answer.0, answer.1, answer.2),
            true => Act::AnswerAtOnce(answer.0, answer.1, answer.2),
        };
        between.meddle("PUT", "/.camroll/staging/", 5, 1, act);
        let setting = Setting::new();
        setting.add_photos(COUNT, SIZE);
        setting.write_spec("");
        let destination = format!(
            "destination:\n  connector: webdav\n  with:\n    preset: generic\n    url: {:?}\n    user: {USER}\n    password: {{ env: DAV_PASSWORD }}\n    sign_in: digest\n    path: family\n",
            between.url()
        );
        setting.send_to(&destination);
        setting.login();
        let run = sync(&setting);
        assert_eq!((run.code, run.put()), (0, COUNT), "{}{}", run.out, run.err);
        for number in 0..COUNT {
            let path = server.files().join("family/2014/05").join(name(number));
            let there = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert_eq!(apple_checksum(&there), Content::generated(number + 1, SIZE).checksum);
        }
        // Each photo, and one of them once more; what is camroll's own besides.
        let puts = between.count("PUT", "/.camroll/staging/") - between.count("PUT", "/.camroll/staging/own-");
        assert!(puts as u64 <= COUNT + 2, "{puts} PUTs: {:#?}", between.requests());
        assert!(
            setting.apple.count("download") > COUNT,
            "its bytes were gone with the first try"
        );
    }
}
