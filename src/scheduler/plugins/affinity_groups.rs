//! Groups of nodes that InterPodAffinity scores alike. Of labels with few values (zones) a group names the values, so that no node moves
//! when their sums change; of labels with many (host names) it names the sum, so that only the few nodes of the value move.

use super::places::Places;
use crate::scheduler::framework::GroupMark;
use crate::scheduler::node_info::NodeId;

/// A label with no more values may be one that groups name the values of.
const VALUES_MAX: usize = 64;
/// So many combinations of values groups may name.
const COMBINATIONS_MAX: i64 = 256;
/// The log of nodes that moved begins anew after so many.
const LOG_MAX: usize = 65_536;

/// What is kept about a tracker's groups.
#[derive(Default)]
pub(super) struct AffinityGroups {
    /// Labels of few values: which, what the number of a value is multiplied with, and how many numbers there are.
    few: Vec<(usize, i64, i64)>,
    /// Labels of many values: which, and the nodes of each value.
    many: Vec<(usize, Vec<Vec<NodeId>>)>,
    labels: usize,
    life: u64,
    log: Vec<NodeId>,
    /// Labels and values whose sum has changed since `settle`.
    touched: Vec<(usize, usize)>,
}

impl AffinityGroups {
    /// The same labels may have other values now.
    pub fn forget(&mut self) {
        let life = self.life + 1;
        *self = Self { life, ..Self::default() };
    }

    /// Draws the consequences of all that was touched, and of labels that have come since the last time.
    pub fn settle(&mut self, labels: &[Places]) {
        let mut touched = std::mem::take(&mut self.touched);
        if self.labels != labels.len() {
            return self.start(labels);
        }
        for (label, at) in touched.drain(..) {
            let nodes = self.many.iter().find(|(many, _)| *many == label).and_then(|(_, nodes)| nodes.get(at));
            self.log.extend(nodes.into_iter().flatten());
        }
        self.touched = touched;
        if self.log.len() > LOG_MAX {
            self.log.clear();
            self.life += 1;
        }
    }

    fn start(&mut self, labels: &[Places]) {
        self.forget();
        self.labels = labels.len();
        let mut combinations = 1;
        for (at, places) in labels.iter().enumerate() {
            let numbers = places.sums.len() as i64 + 1;
            if places.sums.len() <= VALUES_MAX && combinations * numbers <= COMBINATIONS_MAX {
                self.few.push((at, combinations, numbers));
                combinations *= numbers;
            } else {
                self.many.push((at, places.nodes_by_value()));
            }
        }
    }

    /// The sum at a value of a label has changed.
    pub fn touch(&mut self, label: usize, at: usize) {
        if self.touched.last() != Some(&(label, at)) {
            self.touched.push((label, at));
        }
    }

    /// The group of a node.
    pub fn of(&self, labels: &[Places], node: NodeId) -> [i64; 2] {
        let few = self.few.iter().map(|&(label, factor, _)| labels[label].of(node).map_or(0, |at| (at as i64 + 1) * factor)).sum();
        [few, self.many.iter().filter_map(|(label, _)| labels[*label].sum(node)).sum()]
    }

    /// The score of a group.
    pub fn score(&self, labels: &[Places], [few, many]: [i64; 2]) -> i64 {
        let sum = |&(label, factor, numbers): &(usize, i64, i64)| match few / factor % numbers {
            0 => 0,
            value => labels[label].sums[value as usize - 1],
        };
        many + self.few.iter().map(sum).sum::<i64>()
    }

    /// Now.
    pub fn mark(&self) -> GroupMark {
        (self.life, self.log.len())
    }

    /// The nodes that may have moved since.
    pub fn moved_since(&self, (life, at): GroupMark) -> Option<&[NodeId]> {
        (life == self.life).then(|| &self.log[at..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Labels;

    #[test]
    fn zones_are_named_and_hosts_are_summed() {
        let (mut zones, mut hosts) = (Places::new("zone".into()), Places::new("host".into()));
        for node in 0..100 {
            let (zone, host) = (format!("z{}", node % 2), format!("h{node}"));
            let labels = Labels::from_pairs([("zone", zone.as_str()), ("host", host.as_str())]);
            zones.place(node, &labels);
            hosts.place(node, &labels);
        }
        let mut labels = [zones, hosts];
        let mut groups = AffinityGroups::default();
        groups.settle(&labels);
        let mark = groups.mark();
        assert!(groups.of(&labels, 0) == groups.of(&labels, 2) && groups.of(&labels, 0) != groups.of(&labels, 1));
        labels[0].sums[0] += 5;
        groups.touch(0, 0);
        groups.settle(&labels);
        assert_eq!(groups.moved_since(mark), Some(&[][..]));
        let at = labels[1].of(4).unwrap();
        labels[1].sums[at] += 7;
        groups.touch(1, at);
        groups.settle(&labels);
        assert_eq!(groups.moved_since(mark), Some(&[4][..]));
        let scores = [0, 1, 4].map(|node| groups.score(&labels, groups.of(&labels, node)));
        assert_eq!(scores, [5, 0, 12]);
        groups.forget();
        assert_eq!(groups.moved_since(mark), None);
    }
}
