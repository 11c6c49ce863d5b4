//! What holds for any text and any order.

mod support;

use camroll_spec::Severity;
use camroll_spec::report::{github, json, sarif};
use proptest::prelude::*;
use support::read_text;

/// Lines of a spec that is right, each a block that may stand anywhere.
const BLOCKS: [&str; 7] = [
    "version: 1\n",
    "name: family\n",
    "source:\n  connector: icloud-photos\n  with:\n    apple_id: a@example.com\n    password: { env: PW }\n",
    "destination:\n  connector: local\n  with: { path: /mnt/nas }\n  existing: compare\n",
    "filters:\n  kind: [photo, raw]\n  taken: { from: 2014, to: 2020-06 }\n",
    "schedule: { every: 6h, timezone: Europe/Berlin }\n",
    "limits: { transfers: 4 }\n",
];

fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("version: 1"),
        Just("name: "),
        Just("source:"),
        Just("destination:"),
        Just("destinations:"),
        Just("connections:"),
        Just("connector: "),
        Just("icloud-photos"),
        Just("local"),
        Just("every-type"),
        Just("with: "),
        Just("path: "),
        Just("password: "),
        Just("env: "),
        Just("filters: "),
        Just("taken: "),
        Just("2024-03"),
        Just("size: "),
        Just("5GB"),
        Just("layout: "),
        Just("{taken:%Y}"),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(", "),
        Just("\n"),
        Just("\n  "),
        Just("\n    "),
        Just("---\n"),
        Just("&a "),
        Just("*a"),
        Just("'"),
        Just("\""),
        Just("|\n"),
        Just("~"),
        Just("any: "),
        Just("not: "),
        Just("- "),
        Just("é"),
        Just("\t"),
        Just("!x "),
        Just("schedule: "),
        Just("cron: "),
        Just("every: "),
        Just("* * *"),
    ];
    proptest::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_panics_and_every_place_is_in_it(text in words()) {
        let reading = read_text(&text);
        let lines = u32::try_from(text.split('\n').count()).expect("short");
        for fault in &reading.diagnostics {
            prop_assert!(fault.line >= 1 && fault.line <= lines + 1, "{fault:?}");
            prop_assert!(fault.column >= 1);
            prop_assert!(fault.place().start <= fault.end, "{fault:?}");
        }
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json(&reading)).is_ok());
        prop_assert!(serde_json::from_str::<serde_json::Value>(&sarif(&reading.diagnostics, "0")).is_ok());
        prop_assert_eq!(github(&reading.diagnostics).lines().count(), reading.diagnostics.len());
    }

    #[test]
    fn any_text_at_all(text in "\\PC{0,200}") {
        let _ = read_text(&text);
    }

    #[test]
    fn the_order_of_keys_means_nothing(order in Just((0..BLOCKS.len()).collect::<Vec<_>>()).prop_shuffle()) {
        let text: String = order.into_iter().map(|index| BLOCKS[index]).collect();
        let mut reading = read_text(&text);
        let said: Vec<_> = reading.diagnostics.iter().map(|one| one.code).collect();
        prop_assert_eq!(said, ["spec/no-daemon"]);
        let mut first = read_text(&BLOCKS.concat());
        // Where things stand is all that differs.
        for read in [&mut reading, &mut first] {
            for spec in &mut read.specs {
                spec.source.connection.secrets.clear();
            }
        }
        prop_assert_eq!(reading.specs, first.specs);
    }

    #[test]
    fn one_wrong_byte_is_told_or_means_nothing(at in 0_usize..300, byte in 0x20_u8..0x7f) {
        let mut text = BLOCKS.concat().into_bytes();
        let index = at % text.len();
        text[index] = byte;
        let text = String::from_utf8(text).expect("ASCII");
        let reading = read_text(&text);
        let errors = reading.diagnostics.iter().filter(|fault| fault.severity == Severity::Error).count();
        prop_assert_eq!(reading.specs.len(), usize::from(errors == 0), "{}", text);
    }
}
