//! Places that run short are shared by those who ask for them, and no one waits for all that
//! another one asked for.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    hash::Hash,
};

/// Places, and what waits for one, by who asked.
///
/// An asker gets places while it has fewer of them than are free. So with many places each asker
/// has what it asks for; when they run short, each has as many as the others and one share stays
/// free, for those who have none yet. Of those who wait, the one with fewest places is next, and of
/// these the one that was not served for longest.
#[derive(Debug)]
pub struct Shares<K, T> {
    free: usize,
    most_of_one: usize,
    most_waiting: usize,
    taken: HashMap<K, usize>,
    waiting: HashMap<K, Line<T>>,
    /// Places taken, turn and asker of each line: the first is next.
    next: BTreeSet<(usize, u64, K)>,
    /// Length and asker of each line.
    lengths: BTreeSet<(usize, K)>,
    turn: u64,
    in_all: usize,
}

/// What one asker waits for.
#[derive(Debug)]
struct Line<T> {
    items: VecDeque<T>,
    turn: u64,
}

impl<K: Copy + Eq + Hash + Ord, T> Shares<K, T> {
    /// That many places, of which one asker gets at most `most_of_one`, and at most `most_waiting`
    /// items that wait for them.
    pub fn new(places: usize, most_of_one: usize, most_waiting: usize) -> Self {
        Self {
            free: places,
            most_of_one,
            most_waiting,
            taken: HashMap::new(),
            waiting: HashMap::new(),
            next: BTreeSet::new(),
            lengths: BTreeSet::new(),
            turn: 0,
            in_all: 0,
        }
    }

    /// Adds an item to those that wait. When there are too many, the asker with most of them loses
    /// its last one, which is returned.
    #[must_use = "what is returned waits no longer"]
    pub fn add(&mut self, asker: K, item: T) -> Option<T> {
        self.turn += 1;
        let turn = self.turn;
        let taken = self.taken_by(&asker);
        let line = self.waiting.entry(asker).or_insert_with(|| Line { items: VecDeque::new(), turn });
        self.lengths.remove(&(line.items.len(), asker));
        line.items.push_back(item);
        self.lengths.insert((line.items.len(), asker));
        self.next.insert((taken, line.turn, asker));
        self.in_all += 1;
        if self.in_all <= self.most_waiting {
            return None;
        }
        let &(_, greatest) = self.lengths.last()?;
        self.change_line(greatest, |line| line.items.pop_back())
    }

    /// Gives a place to the next item, if it may have one. The asker has it until [`done`].
    ///
    /// [`done`]: Self::done
    pub fn begin_next(&mut self) -> Option<(K, T)> {
        let &(taken, _, asker) = self.next.first()?;
        if taken >= self.free.min(self.most_of_one) {
            return None;
        }
        self.turn += 1;
        let turn = self.turn;
        let item = self.change_line(asker, |line| {
            line.turn = turn;
            line.items.pop_front()
        })?;
        self.free -= 1;
        self.set_taken(asker, taken + 1);
        Some((asker, item))
    }

    /// Takes a place back from an asker that has one.
    pub fn done(&mut self, asker: K) {
        let taken = self.taken_by(&asker);
        if taken > 0 {
            self.free += 1;
            self.set_taken(asker, taken - 1);
        }
    }

    fn taken_by(&self, asker: &K) -> usize {
        self.taken.get(asker).copied().unwrap_or_default()
    }

    fn set_taken(&mut self, asker: K, taken: usize) {
        let before = self.taken_by(&asker);
        if let Some(line) = self.waiting.get(&asker) {
            self.next.remove(&(before, line.turn, asker));
            self.next.insert((taken, line.turn, asker));
        }
        if taken == 0 {
            self.taken.remove(&asker);
        } else {
            self.taken.insert(asker, taken);
        }
    }

    /// Takes an item out of a line, which ends with its last one.
    fn change_line(&mut self, asker: K, take: impl FnOnce(&mut Line<T>) -> Option<T>) -> Option<T> {
        let taken = self.taken_by(&asker);
        let line = self.waiting.get_mut(&asker)?;
        self.next.remove(&(taken, line.turn, asker));
        self.lengths.remove(&(line.items.len(), asker));
        let item = take(line);
        if line.items.is_empty() {
            self.waiting.remove(&asker);
        } else {
            self.next.insert((taken, line.turn, asker));
            self.lengths.insert((line.items.len(), asker));
        }
        self.in_all -= usize::from(item.is_some());
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(shares: &mut Shares<char, u32>) -> String {
        std::iter::from_fn(|| shares.begin_next()).map(|(asker, item)| format!("{asker}{item} ")).collect()
    }

    fn ask(shares: &mut Shares<char, u32>, asker: char, items: std::ops::Range<u32>) {
        for item in items {
            assert_eq!(shares.add(asker, item), None);
        }
    }

    #[test]
    fn a_share_is_left_for_those_who_have_none() {
        let mut shares = Shares::new(8, 8, 1000);
        ask(&mut shares, 'a', 0..100);
        assert_eq!(begun(&mut shares), "a0 a1 a2 a3 ");
        ask(&mut shares, 'b', 0..100);
        assert_eq!(begun(&mut shares), "b0 b1 ");
        ask(&mut shares, 'c', 0..1);
        assert_eq!(begun(&mut shares), "c0 ", "although a and b wait for more");
        shares.done('a');
        assert_eq!(begun(&mut shares), "", "a has more than its share now");
        shares.done('a');
        shares.done('a');
        assert_eq!(begun(&mut shares), "a4 b2 ", "who has fewest goes on first");
    }

    #[test]
    fn those_who_have_as_many_take_turns() {
        let mut shares = Shares::new(3, 1, 1000);
        for asker in ['a', 'b', 'c'] {
            ask(&mut shares, asker, 0..3);
        }
        assert_eq!(begun(&mut shares), "a0 b0 c0 ");
        for asker in ['c', 'a', 'b'] {
            shares.done(asker);
        }
        assert_eq!(begun(&mut shares), "a1 b1 c1 ");
    }

    #[test]
    fn no_one_has_more_than_the_most() {
        let mut shares = Shares::new(100, 2, 1000);
        ask(&mut shares, 'a', 0..10);
        assert_eq!(begun(&mut shares), "a0 a1 ");
    }

    #[test]
    fn what_waits_is_bounded_at_the_cost_of_who_waits_for_most() {
        let mut shares = Shares::new(0, 8, 5);
        ask(&mut shares, 'a', 0..4);
        ask(&mut shares, 'b', 0..1);
        assert_eq!(shares.add('b', 1), Some(3));
        assert_eq!(shares.add('a', 4), Some(4));
        assert_eq!(shares.waiting.values().map(|line| line.items.len()).sum::<usize>(), 5);
    }

    #[test]
    fn nothing_is_remembered_of_those_who_are_done() {
        let mut shares = Shares::new(8, 8, 1000);
        ask(&mut shares, 'a', 0..2);
        assert_eq!(begun(&mut shares), "a0 a1 ");
        shares.done('a');
        shares.done('a');
        shares.done('a');
        assert_eq!((shares.free, shares.in_all), (8, 0));
        let lines = (shares.taken.len(), shares.waiting.len(), shares.next.len(), shares.lengths.len());
        assert_eq!(lines, (0, 0, 0, 0));
    }
}
