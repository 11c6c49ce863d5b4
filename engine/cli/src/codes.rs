//! What the codes of errors mean, for `camroll explain CODE`: the pages of docs/errors, which the binary carries.

/// Code and page of each, sorted.
const PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// The page of a code, without its heading.
pub fn explain(code: &str) -> Option<&'static str> {
    let (known, page) = PAGES.iter().find(|(known, _)| *known == page_of(code))?;
    Some(page.strip_prefix(&format!("# {known}\n")).unwrap_or(page).trim())
}

/// Every code that has a page.
pub fn all() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|(code, _)| *code)
}

/// A service's HTTP statuses share a page: apple/http-502 is on apple/http-status. What a body tells of its source's failure is on that failure's.
fn page_of(code: &str) -> String {
    let code = code.strip_prefix("host/body: ").unwrap_or(code);
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
}
