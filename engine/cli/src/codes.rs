//! What the codes of errors mean, for `camroll explain CODE`: the pages of docs/errors, which the binary carries.

/// Code and page of each, sorted.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The page of a code, without its heading.
pub fn explain(code: &str) -> Option<&'static str> {
    let named = page_of(code);
    let (known, page) = page(&named).or_else(|| page(words_of_service(&named)?))?;
    Some(page.strip_prefix(&format!("# {known}\n")).unwrap_or(page).trim())
}

fn page(code: &str) -> Option<&'static (&'static str, &'static str)> {
    PAGES.iter().find(|(known, _)| *known == code)
}

/// Where a code is a service's own word (S3's begin with a capital letter, camroll's don't), those that have no page of their own share one.
fn words_of_service(code: &str) -> Option<&'static str> {
    let word = code.strip_prefix("s3/")?;
    let of_a_service = word.starts_with(|first: char| first.is_ascii_uppercase())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    of_a_service.then_some("s3/service-code")
}

/// Every code that has a page.
pub fn all() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(code, _)| *code)
}

/// A service's HTTP statuses share a page: apple/http-502 is on apple/http-status. What a body tells of its source's failure is on that failure's.
fn page_of(code: &str) -> String {
    let code = camroll_model::own_code(code);
    match code.split_once("/http-") {
        Some((service, status)) if status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{service}/http-status")
        }
        _ => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_on_the_page_of_its_service() {
        assert_eq!(explain("apple/http-502"), explain("apple/http-status"));
        assert!(explain("apple/http-502").is_some());
        assert_eq!(explain("host/body: apple/http-502"), explain("apple/http-status"));
        assert_eq!(explain("apple/http-5022"), None);
        assert_eq!(explain("elsewhere/http-502"), None);
    }

    #[test]
    fn a_services_own_word_has_its_page_or_the_one_of_all_such_words() {
        let shared = explain("s3/service-code");
        assert!(shared.is_some());
        assert_eq!(explain("s3/InvalidBucketState"), shared);
        for word in [
            "NoSuchBucket",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "AccessDenied",
            "SlowDown",
            "NoSuchUpload",
        ] {
            let page = explain(&format!("s3/{word}"));
            assert!(page.is_some() && page != shared, "{word}");
        }
        // camroll's own codes aren't guessed.
        assert_eq!(explain("s3/no-such-thing"), None);
        assert_eq!(explain("s3/Not A Word"), None);
        assert_eq!(explain("webdav/NoSuchBucket"), None);
        assert_eq!(explain("s3/http-502"), explain("s3/http-status"));
    }
}
