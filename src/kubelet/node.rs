//! One node of the fleet: its phases of ticks, its images and pulls, what its pods use, its status and its lease.
//! Real: pkg/kubelet/{kubelet_node_status.go,nodestatus/setters.go} @ v1.37.2.

use super::credentials::Owners;
use super::eviction::Pressure;
use super::manager::Write;
use super::memory::Booked;
use super::pod::Slot;
use super::{admission, resources};
use crate::actor::EventNote;
use crate::base::collections::Map;
use crate::base::{Seed, Span, Time};
use crate::model::{Labels, Node, NodeAddress, NodeCondition, NodeSystemInfo, Object, PodSpec, ResourceList, Str, Taint, Timestamp};
use indexmap::IndexSet;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Relist of all pods, and the tick at which the sync loop looks for pods whose time has come.
const TICK: Span = Span::from_s(1);
/// The full round of the status manager.
const STATUS_ROUND: Span = Span::from_s(10);

/// Image pulls of a node: who pulls, who waits, in order of arrival.
#[derive(Default)]
pub(crate) struct Pulls {
    running: Vec<Slot>,
    waiting: VecDeque<Slot>,
    /// What the limit of pulls a second has left, in thousand millionths of a pull, and as of when.
    allowed: Option<(u64, Time)>,
}

impl Pulls {
    /// Gets in line.
    pub fn queue(&mut self, slot: Slot) {
        if !self.waiting.contains(&slot) {
            self.waiting.push_back(slot);
        }
    }

    /// Begins if it is this one's turn.
    pub fn may_begin(&mut self, slot: Slot, limit: Option<u32>) -> bool {
        let free = limit.is_none_or(|limit| self.running.len() < limit as usize);
        if !free || limit.is_some() && self.waiting.front() != Some(&slot) {
            return false;
        }
        self.waiting.retain(|other| *other != slot);
        self.running.push(slot);
        true
    }

    /// Whether the limit of pulls a second lets one more begin. Real: throttleImagePulling in pkg/kubelet/images/helpers.go.
    pub fn within_rate(&mut self, now: Time, qps: u32, burst: u32) -> bool {
        const ONE: u64 = 1_000_000_000;
        if qps == 0 {
            return true;
        }
        let full = u64::from(burst) * ONE;
        let (left, at) = self.allowed.unwrap_or((full, now));
        let left = now.since(at).0.saturating_mul(u64::from(qps)).saturating_add(left).min(full);
        self.allowed = Some((left.saturating_sub(if left >= ONE { ONE } else { 0 }), now));
        left >= ONE
    }

    /// A pull has ended, or was given up.
    pub fn end(&mut self, slot: Slot) {
        self.running.retain(|other| *other != slot);
        self.waiting.retain(|other| *other != slot);
    }

    /// Who may try now.
    pub fn next_waiting(&self) -> Option<Slot> {
        self.waiting.front().copied()
    }
}

/// One node.
pub(crate) struct NodeState {
    pub name: Str,
    pub number: u32,
    pub address: Str,
    pub labels: Labels,
    /// Its taints that drive pods away.
    pub taints: Vec<Taint>,
    pub allocatable: ResourceList,
    /// Memory of the machine, if that is known, and what of it may be used.
    pub memory_bytes: Option<i64>,
    pub booked: Booked,
    /// Whether the kubelet runs, and whether the machine does.
    pub up: bool,
    pub powered: bool,
    /// When the kubelet was started, if it was during the run.
    pub started: Option<Time>,
    pub boots: u32,
    /// Whether its network to the control plane is cut.
    pub cut: bool,
    /// Whether it reaches the control plane now: neither cut off nor without an API server, and connected again since.
    pub online: bool,
    /// How often it has lost and found the control plane.
    pub reconnects: u64,
    /// A machine or kubelet that was started without the control plane waits for it. Whether the machine was booted.
    pub begins: Option<bool>,
    /// Whether the machine has booted and no kubelet has told of it.
    pub rebooted: bool,
    /// Events that could not be written yet.
    pub unsaid: VecDeque<(Time, EventNote)>,
    /// How far its clock goes ahead.
    pub offset_ms: i64,
    relist_phase: Span,
    sync_phase: Span,
    /// An API object of this node exists.
    pub present: bool,
    pub registered: bool,

    pub slots: IndexSet<Slot, rustc_hash::FxBuildHasher>,
    pub pods: i64,
    pub used: ResourceList,
    pub ports: BTreeSet<(String, i32)>,
    next_host: u32,
    addresses: Map<Slot, u32>,
    taken: BTreeSet<u32>,

    pub images: IndexSet<Str, rustc_hash::FxBuildHasher>,
    pub images_changed: bool,
    /// Layers, and images of which nobody tells layers apart, with when they came or will have come.
    pub layers: BTreeMap<Str, Time>,
    /// Which pods may use images that were pulled with Secrets.
    pub owners: Owners,
    /// Shortages of memory and of disk.
    pub pressure: [Pressure; 2],
    pub pulls: Pulls,
    pub parallel_pulls: Option<u32>,

    pub status_queue: VecDeque<Slot>,
    /// Writes of the batch under way: each shows what the status was when the batch was put together.
    pub batch: VecDeque<Write>,
    pub sending: Option<Slot>,
    /// How often something scripted was tried.
    pub sandbox_tries: BTreeMap<String, u32>,
    pub create_tries: BTreeMap<String, u32>,
    pub pull_tries: BTreeMap<String, u32>,
}

impl NodeState {
    pub fn new(name: Str, number: u32, seed: Seed) -> NodeState {
        let phase = |purpose: &str| Span((TICK.0 as f64 * seed.draw(purpose, &name, 0).unit()) as u64);
        NodeState {
            address: format!("172.{}.{}.{}", 18 + number / 64_516, number / 254 % 254, number % 254 + 1).into(),
            relist_phase: phase("relist"),
            sync_phase: phase("sync-loop"),
            name,
            number,
            labels: Labels::default(),
            taints: Vec::new(),
            allocatable: ResourceList::new(),
            memory_bytes: None,
            booked: Booked::default(),
            up: true,
            powered: true,
            started: None,
            boots: 0,
            cut: false,
            online: true,
            reconnects: 0,
            begins: None,
            rebooted: false,
            unsaid: VecDeque::new(),
            offset_ms: 0,
            present: false,
            registered: false,
            slots: IndexSet::default(),
            pods: 0,
            used: ResourceList::new(),
            ports: BTreeSet::new(),
            next_host: 2,
            addresses: Map::default(),
            taken: BTreeSet::new(),
            images: IndexSet::default(),
            images_changed: false,
            layers: BTreeMap::new(),
            owners: Owners::default(),
            pressure: [Pressure::default(); 2],
            pulls: Pulls::default(),
            parallel_pulls: None,
            status_queue: VecDeque::new(),
            batch: VecDeque::new(),
            sending: None,
            sandbox_tries: BTreeMap::new(),
            create_tries: BTreeMap::new(),
            pull_tries: BTreeMap::new(),
        }
    }

    /// The last relist at or before now.
    pub fn last_relist(&self, now: Time) -> Option<Time> {
        let since = now.0.checked_sub(self.relist_phase.0)?;
        Some(Time(now.0 - since % TICK.0))
    }

    /// The next relist after now.
    pub fn next_relist(&self, now: Time) -> Time {
        self.last_relist(now).map_or(Time(self.relist_phase.0), |last| last + TICK)
    }

    /// The first tick of the sync loop at or after this time.
    pub fn sync_tick(&self, at: Time) -> Time {
        Time(at.0.saturating_sub(self.sync_phase.0).div_ceil(TICK.0) * TICK.0 + self.sync_phase.0)
    }

    /// The next full round of the status manager after now.
    pub fn status_round(&self, now: Time) -> Time {
        Time((now.0.saturating_sub(self.sync_phase.0) / STATUS_ROUND.0 + 1) * STATUS_ROUND.0 + self.sync_phase.0)
    }

    /// An address of the node's own range of pods, the one given back longest ago last.
    pub fn give_address(&mut self, slot: Slot) -> Str {
        if let Some(old) = self.addresses.remove(&slot) {
            self.taken.remove(&old);
        }
        let mut host = self.next_host;
        for _try in 0..253 {
            if !self.taken.contains(&host) {
                break;
            }
            host = if host >= 254 { 2 } else { host + 1 };
        }
        self.taken.insert(host);
        self.addresses.insert(slot, host);
        self.next_host = if host >= 254 { 2 } else { host + 1 };
        format!("{}.{host}", self.range()).into()
    }

    /// A pod has gone.
    pub fn forget(&mut self, slot: Slot) {
        self.slots.swap_remove(&slot);
        self.pulls.end(slot);
        if let Some(host) = self.addresses.remove(&slot) {
            self.taken.remove(&host);
        }
    }

    /// How many pods the node takes.
    pub fn max_pods(&self, configured: u32) -> u32 {
        self.allocatable.get("pods").map_or(configured, |pods| pods.value().max(0) as u32)
    }

    /// A pod takes its part of the node.
    pub fn take(&mut self, spec: &PodSpec) {
        self.pods += 1;
        for (name, amount) in resources::requests(spec) {
            *self.used.entry(name).or_default() += amount;
        }
        self.ports.extend(admission::ports(spec));
    }

    /// And gives it back.
    pub fn give_back(&mut self, spec: &PodSpec) {
        self.pods -= 1;
        for (name, amount) in resources::requests(spec) {
            *self.used.entry(name).or_default() -= amount;
        }
        for port in admission::ports(spec) {
            self.ports.remove(&port);
        }
    }

    /// The range of addresses of the node's pods.
    pub fn pod_cidr(&self) -> String {
        format!("{}.0/24", self.range())
    }

    fn range(&self) -> String {
        format!("10.{}.{}", (244 + self.number / 256) % 256, self.number % 256)
    }
}

/// The conditions of a healthy node, in their order.
const HEALTHY: [(&str, &str, &str, &str); 4] = [
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
];

/// What a kubelet says of its node. Conditions that it does not own stay.
pub(crate) fn report(object: &mut Object, address: &str, boots: u32, cidr: &str, now: Timestamp, every: Span) {
    let name = object.meta.name.clone();
    let Some(node) = object.as_node_mut() else { return };
    fill_spec(node, cidr);
    let status = Arc::make_mut(&mut node.status);
    for (kind, value, reason, message) in HEALTHY {
        let present = status.conditions.iter_mut().find(|condition| &*condition.r#type == kind);
        let since = present.as_ref().filter(|present| &*present.status == value).and_then(|present| present.last_transition_time);
        let condition = NodeCondition {
            r#type: kind.into(),
            status: value.into(),
            last_heartbeat_time: Some(now),
            last_transition_time: Some(since.unwrap_or(now)),
            reason: reason.into(),
            message: message.into(),
        };
        match present {
            Some(present) => *present = condition,
            None => status.conditions.push(condition),
        }
    }
    status.reported_every = Some(every);
    if status.addresses.is_empty() {
        let line = |kind: &str, address: &str| NodeAddress { r#type: kind.into(), address: address.into() };
        status.addresses = vec![line("InternalIP", address), line("Hostname", &name)];
    }
    for (resource, amount) in status.capacity.clone() {
        status.allocatable.entry(resource).or_insert(amount);
    }
    status.daemon_endpoints.kubelet_endpoint.port = 10250;
    fill_info(&mut status.node_info, &name, boots);
}

fn fill_spec(node: &mut Node, cidr: &str) {
    if node.spec.pod_cidr.is_empty() {
        let spec = Arc::make_mut(&mut node.spec);
        (spec.pod_cidr, spec.pod_cidrs) = (cidr.into(), vec![cidr.into()]);
    }
}

fn fill_info(info: &mut NodeSystemInfo, name: &str, boots: u32) {
    let hash = xxhash_rust::xxh3::xxh3_128(name.as_bytes());
    let uuid = |value: u128| {
        let text = format!("{value:032x}");
        format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
    };
    info.boot_id = uuid(hash ^ (u128::from(boots) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let set = |field: &mut String, value: String| {
        if field.is_empty() {
            *field = value;
        }
    };
    set(&mut info.machine_id, format!("{hash:032x}"));
    set(&mut info.system_uuid, uuid(hash));
    set(&mut info.kernel_version, "6.12.0".into());
    set(&mut info.os_image, "Debian GNU/Linux 13 (trixie)".into());
    set(&mut info.container_runtime_version, "containerd://2.2.0".into());
    set(&mut info.kubelet_version, "v1.37.2".into());
    set(&mut info.operating_system, "linux".into());
    set(&mut info.architecture, "amd64".into());
}
