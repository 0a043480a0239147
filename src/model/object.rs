//! An API object: metadata and a body of one kind. Rows are shared and immutable; a write makes a new one.

use super::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A stored object. Cloning the inner value is cheap: big parts sit behind `Arc`s and are copied on write.
pub type Obj = Arc<Object>;

/// An API object of any kind.
#[derive(Clone, PartialEq, Debug)]
pub struct Object {
    /// Names, versions, labels, owners.
    pub meta: Meta,
    /// The rest, by kind.
    pub body: Body,
}

/// Whether a kind lives in namespaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Each object belongs to a namespace.
    Namespaced,
    /// Objects belong to the cluster as a whole.
    Cluster,
}

macro_rules! kinds {
    ($($kind:ident $as:ident $as_mut:ident $api:literal $plural:literal [$($short:literal)*] $scope:ident;)*) => {
        /// The kinds that the simulator models. All others are `Other` and stored whole.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Kind { $(#[doc = concat!("`", $api, "` ", stringify!($kind))] $kind,)* /// Any other kind.
            Other }

        /// What an object holds beside its metadata.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Body { $(#[doc = concat!("`", $api, "` ", stringify!($kind))] $kind($kind),)* /// An object of a kind that is not modelled.
            Other(Other) }

        impl Kind {
            /// All modelled kinds.
            pub const ALL: &'static [Kind] = &[$(Kind::$kind,)*];
            /// The kind's name as in manifests. Empty for `Other`.
            pub fn name(self) -> &'static str { match self { $(Kind::$kind => stringify!($kind),)* Kind::Other => "" } }
            /// Group and version as in manifests. Empty for `Other`.
            pub fn api_version(self) -> &'static str { match self { $(Kind::$kind => $api,)* Kind::Other => "" } }
            /// Plural name, as in URLs and kubectl. Empty for `Other`.
            pub fn plural(self) -> &'static str { match self { $(Kind::$kind => $plural,)* Kind::Other => "" } }
            /// Short names that kubectl takes.
            pub fn short_names(self) -> &'static [&'static str] { match self { $(Kind::$kind => &[$($short,)*],)* Kind::Other => &[] } }
            /// Namespaced or cluster-wide.
            pub fn scope(self) -> Scope { match self { $(Kind::$kind => Scope::$scope,)* Kind::Other => Scope::Namespaced } }
        }

        impl Body {
            /// The kind of this body.
            pub fn kind(&self) -> Kind { match self { $(Body::$kind(_) => Kind::$kind,)* Body::Other(_) => Kind::Other } }

            /// Reads a body of a modelled kind from the fields of a JSON object (without apiVersion, kind and metadata).
            pub fn from_fields(kind: Kind, fields: Map<String, Value>) -> Result<Body, serde_json::Error> {
                Ok(match kind { $(Kind::$kind => Body::$kind($kind::deserialize(Value::Object(fields))?),)* Kind::Other => unreachable!("an object of an unmodelled kind is kept whole") })
            }

            /// Appends the body as JSON.
            pub fn write(&self, bytes: &mut Vec<u8>) {
                match self { $(Body::$kind(body) => serde_json::to_writer(bytes, body),)* Body::Other(other) => serde_json::to_writer(bytes, &*other.fields) }
                    .expect("model types serialise to JSON")
            }

            fn to_fields(&self) -> Value {
                match self { $(Body::$kind(body) => serde_json::to_value(body),)* Body::Other(other) => Ok(Value::Object((*other.fields).clone())) }
                    .expect("model types serialise to JSON")
            }
        }

        impl Object {
            $(
            #[doc = concat!("The body, if this is a ", stringify!($kind), ".")]
            pub fn $as(&self) -> Option<&$kind> { match &self.body { Body::$kind(body) => Some(body), _ => None } }
            #[doc = concat!("The body for changes, if this is a ", stringify!($kind), ".")]
            pub fn $as_mut(&mut self) -> Option<&mut $kind> { match &mut self.body { Body::$kind(body) => Some(body), _ => None } }
            )*
        }
    };
}

kinds! {
    Namespace as_namespace as_namespace_mut "v1" "namespaces" ["ns"] Cluster;
    Node as_node as_node_mut "v1" "nodes" ["no"] Cluster;
    Pod as_pod as_pod_mut "v1" "pods" ["po"] Namespaced;
    Service as_service as_service_mut "v1" "services" ["svc"] Namespaced;
    Endpoints as_endpoints as_endpoints_mut "v1" "endpoints" ["ep"] Namespaced;
    EndpointSlice as_endpoint_slice as_endpoint_slice_mut "discovery.k8s.io/v1" "endpointslices" [] Namespaced;
    ConfigMap as_config_map as_config_map_mut "v1" "configmaps" ["cm"] Namespaced;
    Secret as_secret as_secret_mut "v1" "secrets" [] Namespaced;
    ServiceAccount as_service_account as_service_account_mut "v1" "serviceaccounts" ["sa"] Namespaced;
    Event as_event as_event_mut "v1" "events" ["ev"] Namespaced;
    Lease as_lease as_lease_mut "coordination.k8s.io/v1" "leases" [] Namespaced;
    PriorityClass as_priority_class as_priority_class_mut "scheduling.k8s.io/v1" "priorityclasses" ["pc"] Cluster;
    ReplicationController as_replication_controller as_replication_controller_mut "v1" "replicationcontrollers" ["rc"] Namespaced;
    ReplicaSet as_replica_set as_replica_set_mut "apps/v1" "replicasets" ["rs"] Namespaced;
    Deployment as_deployment as_deployment_mut "apps/v1" "deployments" ["deploy"] Namespaced;
    StatefulSet as_stateful_set as_stateful_set_mut "apps/v1" "statefulsets" ["sts"] Namespaced;
    DaemonSet as_daemon_set as_daemon_set_mut "apps/v1" "daemonsets" ["ds"] Namespaced;
    ControllerRevision as_controller_revision as_controller_revision_mut "apps/v1" "controllerrevisions" [] Namespaced;
    Job as_job as_job_mut "batch/v1" "jobs" [] Namespaced;
    CronJob as_cron_job as_cron_job_mut "batch/v1" "cronjobs" ["cj"] Namespaced;
    HorizontalPodAutoscaler as_horizontal_pod_autoscaler as_horizontal_pod_autoscaler_mut "autoscaling/v2" "horizontalpodautoscalers" ["hpa"] Namespaced;
    PodDisruptionBudget as_pod_disruption_budget as_pod_disruption_budget_mut "policy/v1" "poddisruptionbudgets" ["pdb"] Namespaced;
    ResourceQuota as_resource_quota as_resource_quota_mut "v1" "resourcequotas" ["quota"] Namespaced;
    LimitRange as_limit_range as_limit_range_mut "v1" "limitranges" ["limits"] Namespaced;
    PersistentVolume as_persistent_volume as_persistent_volume_mut "v1" "persistentvolumes" ["pv"] Cluster;
    PersistentVolumeClaim as_persistent_volume_claim as_persistent_volume_claim_mut "v1" "persistentvolumeclaims" ["pvc"] Namespaced;
    StorageClass as_storage_class as_storage_class_mut "storage.k8s.io/v1" "storageclasses" ["sc"] Cluster;
    CSINode as_csi_node as_csi_node_mut "storage.k8s.io/v1" "csinodes" [] Cluster;
    CSIDriver as_csi_driver as_csi_driver_mut "storage.k8s.io/v1" "csidrivers" [] Cluster;
    CSIStorageCapacity as_csi_storage_capacity as_csi_storage_capacity_mut "storage.k8s.io/v1" "csistoragecapacities" [] Namespaced;
    VolumeAttachment as_volume_attachment as_volume_attachment_mut "storage.k8s.io/v1" "volumeattachments" [] Cluster;
    ResourceClaim as_resource_claim as_resource_claim_mut "resource.k8s.io/v1" "resourceclaims" [] Namespaced;
    ResourceClaimTemplate as_resource_claim_template as_resource_claim_template_mut "resource.k8s.io/v1" "resourceclaimtemplates" [] Namespaced;
    ResourceSlice as_resource_slice as_resource_slice_mut "resource.k8s.io/v1" "resourceslices" [] Cluster;
    DeviceClass as_device_class as_device_class_mut "resource.k8s.io/v1" "deviceclasses" [] Cluster;
}

/// An object of a kind that is not modelled: kept whole, listed and watched like all others.
#[derive(Clone, PartialEq, Debug)]
pub struct Other {
    /// Group and version.
    pub api_version: Str,
    /// Kind.
    pub kind: Str,
    /// All fields but apiVersion, kind and metadata.
    pub fields: Arc<Map<String, Value>>,
}

impl Object {
    /// The kind of this object.
    pub fn kind(&self) -> Kind {
        self.body.kind()
    }

    /// Group and version as in manifests.
    pub fn api_version(&self) -> &str {
        match &self.body {
            Body::Other(other) => &other.api_version,
            body => body.kind().api_version(),
        }
    }

    /// The kind's name as in manifests.
    pub fn kind_name(&self) -> &str {
        match &self.body {
            Body::Other(other) => &other.kind,
            body => body.kind().name(),
        }
    }

    /// The object as the API server's JSON shows it.
    pub fn to_json(&self) -> Value {
        let Value::Object(mut fields) = self.body.to_fields() else { unreachable!("bodies are structs") };
        fields.insert("apiVersion".into(), self.api_version().into());
        fields.insert("kind".into(), self.kind_name().into());
        fields.insert("metadata".into(), serde_json::to_value(&self.meta).expect("metadata serialises to JSON"));
        Value::Object(fields)
    }

    /// Reads an object from the API server's JSON. Fields of the wrong type are an error; unknown ones are kept.
    pub fn from_json(json: Value) -> Result<Object, serde_json::Error> {
        use serde::de::Error;
        let Value::Object(mut fields) = json else { return Err(Error::custom("an object is a map of fields")) };
        let mut text = |key: &str| match fields.remove(key) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(serde_json::Error::custom(format!("{key} is missing or no text"))),
        };
        let (api_version, kind) = (text("apiVersion")?, text("kind")?);
        let meta = match fields.remove("metadata") {
            Some(Value::Null) | None => Meta::default(),
            Some(meta) => Meta::deserialize(meta)?,
        };
        let known = Kind::ALL.iter().find(|k| k.name() == kind && k.api_version() == api_version);
        let body = match known {
            Some(&known) => Body::from_fields(known, fields)?,
            None => Body::Other(Other { api_version: api_version.into(), kind: kind.into(), fields: Arc::new(fields) }),
        };
        Ok(Object { meta, body })
    }
}

// A row stays small whatever its kind: specs and statuses are shared.
const _: () = assert!(std::mem::size_of::<Body>() <= 64);

impl Serialize for Object {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}
