//! A sorted map of few entries. A tree's node has room for eleven, whatever stands in it: with two labels each, ten
//! thousand incidents would be mostly empty room. Copies share their entries until one of them is changed.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A map of few entries, sorted by key. Written and read like any map.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Few<K, V>(Option<Arc<Vec<(K, V)>>>);

impl<K, V> Few<K, V> {
    /// Without entries.
    pub const fn new() -> Self {
        Self(None)
    }

    fn rows(&self) -> &[(K, V)] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.rows().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The entries in the order of their keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.rows().iter().map(|(key, value)| (key, value))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator {
        self.rows().iter().map(|(key, _)| key)
    }

    /// The values in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.rows().iter().map(|(_, value)| value)
    }

    /// Whether both are one in memory, which equal ones need not be.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<K: Ord, V> Few<K, V> {
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.rows().binary_search_by(|(other, _)| other.borrow().cmp(key))
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.place(key).ok().and_then(|place| self.rows().get(place)).map(|(_, value)| value)
    }

    /// Whether a key is there.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.place(key).is_ok()
    }
}

impl<K: Ord + Clone, V: Clone> Few<K, V> {
    fn rows_mut(&mut self) -> &mut Vec<(K, V)> {
        Arc::make_mut(self.0.get_or_insert_default())
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        self.rows_mut().get_mut(place).map(|(_, value)| value)
    }

    /// Puts an entry in, or in the place of the one with this key, whose value is given back.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(place) => self.rows_mut().get_mut(place).map(|(_, old)| std::mem::replace(old, value)),
            Err(place) => {
                let rows = self.rows_mut();
                rows.reserve_exact(1);
                rows.insert(place, (key, value));
                None
            }
        }
    }

    /// Takes an entry out.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        let (_, value) = self.rows_mut().remove(place);
        if self.rows().is_empty() {
            self.0 = None;
        }
        Some(value)
    }

    /// Keeps only the entries for which this holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        if self.iter().all(|(key, value)| keep(key, value)) {
            return; // an unchanged one stays shared
        }
        *self = std::mem::take(self).into_iter().filter(|(key, value)| keep(key, value)).collect();
    }
}

/// Entries in the order of their keys.
pub type Iter<'a, K, V> = std::iter::Map<std::slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> (&'a K, &'a V)>;

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Few<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Few<K, V> {
    /// Of entries with equal keys the last one stays.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut rows: Vec<(K, V)> = entries.into_iter().collect();
        rows.sort_by(|one, two| one.0.cmp(&two.0));
        rows.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        rows.shrink_to_fit();
        Self((!rows.is_empty()).then(|| Arc::new(rows)))
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for Few<K, V> {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: Ord, V> From<BTreeMap<K, V>> for Few<K, V> {
    fn from(entries: BTreeMap<K, V>) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: Ord + Clone, V: Clone> Extend<(K, V)> for Few<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl<'a, K, V> IntoIterator for &'a Few<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K: Clone, V: Clone> IntoIterator for Few<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.map(Arc::unwrap_or_clone).unwrap_or_default().into_iter()
    }
}

impl<K: Serialize, V: Serialize> Serialize for Few<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for Few<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
            type Value = Few<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Few<K, V>, A::Error> {
                let mut rows = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    rows.push(entry);
                }
                Ok(rows.into_iter().collect())
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_does_what_a_tree_does(steps in prop::collection::vec((0_u8..12, 0_u8..4, 0_u8..3), 0..60)) {
            let (mut few, mut tree) = (Few::new(), BTreeMap::new());
            for (key, value, what) in steps {
                let copy = few.clone();
                match what {
                    0 => prop_assert_eq!(few.remove(&key), tree.remove(&key)),
                    1 => prop_assert_eq!(few.get_mut(&key).map(|old| *old = value), tree.get_mut(&key).map(|old| *old = value)),
                    _ => prop_assert_eq!(few.insert(key, value), tree.insert(key, value)),
                }
                prop_assert!(few.iter().eq(tree.iter()) && few.len() == tree.len() && few.is_empty() == tree.is_empty());
                prop_assert!(copy == few || !copy.is_shared_with(&few), "a copy is not changed along");
            }
            let json = serde_json::to_string(&few).unwrap();
            prop_assert_eq!(&json, &serde_json::to_string(&tree).unwrap());
            prop_assert_eq!(serde_json::from_str::<Few<u8, u8>>(&json).unwrap(), few.clone());
            few.retain(|key, _| key % 2 == 0);
            tree.retain(|key, _| key % 2 == 0);
            prop_assert!(few.into_iter().eq(tree));
        }
    }

    #[test]
    fn of_equal_keys_the_last_one_stays() {
        assert_eq!(Few::from([("a", 1), ("b", 2), ("a", 3)]), Few::from(BTreeMap::from([("a", 3), ("b", 2)])));
    }
}
