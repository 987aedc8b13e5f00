//! JSON as dogwatch writes and reads it. One serializer and one reader for all types: each further one (into a file,
//! indented, as a value, from bytes) compiles every type again, and once that was a quarter of the program. So all goes
//! through compact text here, and the other forms are made of the text, without the types.

pub use serde_json::value::RawValue;
pub use serde_json::{Error, Map, Value};

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

/// A value as compact text.
pub fn text<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value)
}

/// A value as the bytes of its compact text.
pub fn bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value)
}

/// A value as text for people, two columns an indent.
pub fn pretty<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let (compact, mut out) = (bytes(value)?, Vec::new());
    serde_transcode::transcode(&mut serde_json::Deserializer::from_slice(&compact), &mut serde_json::Serializer::pretty(&mut out))?;
    String::from_utf8(out).map_err(Error::custom)
}

/// A value as a tree that more can be put into; its keys are sorted.
pub fn tree<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    read(&text(value)?)
}

/// Reads a text.
pub fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    serde_json::from_str(text)
}

/// Reads bytes that should be a text.
pub fn read_bytes<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    read(std::str::from_utf8(bytes).map_err(Error::custom)?)
}

/// An object that is being written, for `json!`.
#[derive(Debug, Default)]
pub struct Object(Vec<u8>);

impl Object {
    /// Adds a member. The key is a word of the source: nothing in it needs an escape.
    pub fn member<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) {
        let before = self.0.len();
        self.begin(key);
        if value.serialize(&mut serde_json::Serializer::new(&mut self.0)).is_err() {
            // Plain data with text keys never comes here.
            self.0.truncate(before);
        }
    }

    fn begin(&mut self, key: &str) {
        self.0.extend_from_slice(if self.0.is_empty() { b"{\"" } else { b",\"" });
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    /// The object as a tree.
    pub fn tree(mut self) -> Value {
        self.0.push(b'}');
        read_bytes(&self.0).unwrap_or_default()
    }
}

/// A tree of literal keys and any values: `json!({ "id": run.id, "ended": json!({ … }) })`.
macro_rules! json {
    ({ $($key:literal: $value:expr),+ $(,)? }) => {{
        let mut object = $crate::json::Object::default();
        $(object.member($key, &$value);)+
        object.tree()
    }};
}
pub(crate) use json;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-z\"\\\\{}\\[\\],:\n é]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\\\,:{ ]{0,6}", inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn indents_as_the_library_would(tree in any_tree()) {
            prop_assert_eq!(pretty(&tree).unwrap(), serde_json::to_string_pretty(&tree).unwrap());
        }

        #[test]
        fn the_tree_of_a_value_is_what_the_library_makes(tree in any_tree()) {
            prop_assert_eq!(super::tree(&tree).unwrap(), serde_json::to_value(&tree).unwrap());
        }
    }

    #[test]
    fn an_object_is_written_with_its_members() {
        let inner = json!({ "odd": "\"{", "none": None::<u8> });
        assert_eq!(json!({ "b": 1, "a": inner }), serde_json::json!({ "b": 1, "a": { "odd": "\"{", "none": null } }));
    }

    #[test]
    fn what_is_no_text_is_an_error() {
        assert!(read_bytes::<String>(b"\"\xff\"").is_err());
    }
}
