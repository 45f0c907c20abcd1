//! Names as small numbers. A name keeps its number; how many there are is bounded by what configurations ever named.

use std::collections::BTreeMap;

pub(super) struct Table<T> {
    ids: BTreeMap<String, u32>,
    rows: Vec<T>,
}

impl<T> Table<T> {
    pub fn new() -> Table<T> {
        Table { ids: BTreeMap::new(), rows: Vec::new() }
    }

    pub fn id(&self, name: &str) -> Option<u32> {
        self.ids.get(name).copied()
    }

    /// The number of `name`; `row` makes its row when the name is new.
    pub fn intern(&mut self, name: &str, row: impl FnOnce(u32) -> T) -> u32 {
        if let Some(id) = self.id(name) {
            return id;
        }
        let id = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.ids.insert(name.to_owned(), id);
        self.rows.push(row(id));
        id
    }

    pub fn get(&self, id: u32) -> Option<&T> {
        self.rows.get(id as usize)
    }

    pub fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        self.rows.get_mut(id as usize)
    }

    pub fn named(&self, name: &str) -> Option<&T> {
        self.get(self.id(name)?)
    }

    pub fn len(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.rows.iter_mut()
    }
}
