//! Names derived from names, and what a name may look like.

/// The words of a camel or Pascal case name: `HTTPRoute2Item` is `HTTP`, `Route2`, `Item`.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    for (i, c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|j| chars[j]);
        let after = chars.get(i + 1);
        let starts = c.is_ascii_uppercase()
            && before
                .is_none_or(|b| !b.is_ascii_uppercase() || after.is_some_and(|a| a.is_ascii_lowercase()));
        if !c.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        match words.last_mut() {
            Some(word) if !starts => word.push(*c),
            Some(_) | None => words.push(c.to_string()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn joined(name: &str, separator: &str) -> String {
    words(name).join(separator).to_ascii_lowercase()
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

/// `OrderItem` → `order_item`.
pub fn snake(name: &str) -> String {
    joined(name, "_")
}

/// `OrderItem` → `ORDER_ITEM`; what has no small letters is so already.
pub fn upper_snake(name: &str) -> String {
    match name.contains(|c: char| c.is_ascii_lowercase()) {
        true => snake(name).to_ascii_uppercase(),
        false => name.to_owned(),
    }
}

/// The protobuf package of a contract: `my_shop.v1` for version 1.4.2 of `my-shop`.
pub fn rpc_package(name: &str, version: &str) -> String {
    let major = version.split('.').next().unwrap_or_default();
    format!("{}.v{major}", snake(name))
}

/// `transferFunds` → `transfer-funds`.
pub(crate) fn kebab(name: &str) -> String {
    joined(name, "-")
}

/// `transferFunds` → `TransferFunds`, `my-shop` → `MyShop`.
pub fn pascal(name: &str) -> String {
    words(name).iter().map(|word| capitalised(word)).collect()
}

/// `OrderItem` → `orderItem`, `HTTPRoute` → `httpRoute`.
pub fn camel(name: &str) -> String {
    let words = words(name);
    let rest = words.iter().skip(1).map(|word| capitalised(word));
    words.first().map(|word| word.to_ascii_lowercase()).into_iter().chain(rest).collect()
}

/// The regular English plural of a lower camel case name: `user` → `users`, `category` → `categories`.
pub fn plural(name: &str) -> String {
    let vowel_before_y =
        || name.chars().rev().nth(1).is_some_and(|c| "aeiou".contains(c.to_ascii_lowercase()));
    let hisses = ["s", "x", "z", "ch", "sh"].iter().any(|end| name.ends_with(end));
    match name.strip_suffix('y') {
        Some(stem) if !vowel_before_y() => format!("{stem}ies"),
        Some(_) | None if hisses => format!("{name}es"),
        Some(_) | None => format!("{name}s"),
    }
}

/// A letter, then letters, digits and `_`.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A letter, then letters, digits, `_` and `-`.
pub(crate) fn is_label(name: &str) -> bool {
    is_identifier(&name.replace('-', "_"))
}

/// Identifiers with dots between them.
pub(crate) fn is_dotted(name: &str) -> bool {
    name.split('.').all(is_identifier)
}

/// Lower-case identifiers with dots between them.
pub(crate) fn is_event(name: &str) -> bool {
    is_dotted(name) && !name.contains(|c: char| c.is_ascii_uppercase())
}

/// An upper-case letter, then upper-case letters, digits and `_`.
pub(crate) fn is_code(name: &str) -> bool {
    is_identifier(name) && !name.contains(|c: char| c.is_ascii_lowercase())
}

/// A semantic version, semver.org 2.0.0.
pub(crate) fn is_version(version: &str) -> bool {
    let (version, build) = version.split_once('+').map_or((version, None), |(v, b)| (v, Some(b)));
    let (core, pre) = version.split_once('-').map_or((version, None), |(v, p)| (v, Some(p)));
    let number =
        |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) && (n == "0" || !n.starts_with('0'));
    let part = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let suffix = |s: Option<&str>| s.is_none_or(|s| s.split('.').all(part));
    core.split('.').count() == 3 && core.split('.').all(number) && suffix(pre) && suffix(build)
}

/// Why a table's or column's name is kept for others, if it is.
pub(crate) fn reserved_identifier(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    match lower {
        _ if lower.starts_with('_') => Some("names beginning with `_` are kept for Septet"),
        _ if lower.starts_with("sqlite_") => Some("names beginning with `sqlite_` are kept for SQLite"),
        _ if lower.starts_with("pg_") => Some("names beginning with `pg_` are kept for PostgreSQL"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_names() {
        let table = [
            ("User", "user", "user", "User", "users"),
            ("OrderItem", "order_item", "orderItem", "OrderItem", "orderItems"),
            ("Category", "category", "category", "Category", "categories"),
            ("Box", "box", "box", "Box", "boxes"),
            ("Day", "day", "day", "Day", "days"),
            ("HTTPRoute", "http_route", "httpRoute", "HTTPRoute", "httpRoutes"),
            ("Match", "match", "match", "Match", "matches"),
            ("snake_name", "snake_name", "snakeName", "SnakeName", "snakeNames"),
            ("Item2", "item2", "item2", "Item2", "item2s"),
        ];
        for (name, snake_name, camel_name, pascal_name, plural_name) in table {
            assert_eq!(snake(name), snake_name);
            assert_eq!(camel(name), camel_name);
            assert_eq!(pascal(name), pascal_name);
            assert_eq!(plural(&camel(name)), plural_name);
        }
        assert_eq!(kebab("transferFunds"), "transfer-funds");
        assert_eq!(pascal("my-shop"), "MyShop");
    }

    #[test]
    fn versions_are_semantic() {
        for good in ["1.0.0", "0.1.2-rc.1+build-5", "10.20.30"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.x", "1.0.0-", "v1.0.0"] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
