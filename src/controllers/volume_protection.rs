//! Protection of volumes: a claim that a pod uses, and a volume that is bound, stay until they are free.
//! Real: pkg/controller/volume/{pvcprotection,pvprotection} @ v1.37.2. The finalizers are put on by admission.

use super::ControllerManager;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::{Ctx, Kinds};
use crate::api::Verb;
use crate::model::{Kind, Obj, Object, Str};
use crate::store::{Change, Id, Key};

const CLAIM_FINALIZER: &str = "kubernetes.io/pvc-protection";
const VOLUME_FINALIZER: &str = "kubernetes.io/pv-protection";

/// The two controllers in one.
pub struct VolumeProtection {
    limits: Option<Limits>,
}

impl VolumeProtection {
    /// With the kube-controller-manager's settings.
    pub fn new(settings: &ControllerManager) -> VolumeProtection {
        VolumeProtection { limits: settings.client_limits() }
    }
}

/// The names of the claims that a pod uses.
fn claims_of(pod: &Obj) -> impl Iterator<Item = Str> {
    let spec = pod.as_pod().map(|pod| pod.spec.clone());
    let pod_name = pod.meta.name.clone();
    let count = spec.as_ref().map_or(0, |spec| spec.volumes.len());
    (0..count).filter_map(move |at| {
        let volume = &spec.as_ref()?.volumes[at];
        if let Some(source) = &volume.persistent_volume_claim {
            return Some(source.claim_name.as_str().into());
        }
        volume.ephemeral.as_ref().map(|_| format!("{pod_name}-{}", volume.name).into())
    })
}

impl Controller for VolumeProtection {
    type Progress = ();

    fn name(&self) -> &'static str {
        "volume-protection-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::PersistentVolumeClaim, Kind::PersistentVolume, Kind::Pod])
    }

    fn workers(&self) -> usize {
        1
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn minds(&self, change: Change<'_>) -> bool {
        change.object().as_pod().is_none_or(|pod| !pod.spec.volumes.is_empty())
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let object = change.object();
        if object.kind() != Kind::Pod {
            if change.after.is_some_and(|after| after.meta.is_deleting()) {
                work.add(change.id);
            }
            return;
        }
        let over = change.after.is_none_or(|pod| pod.as_pod().is_some_and(|pod| pod.is_terminal()));
        if over && object.as_pod().is_some_and(|pod| !pod.spec.volumes.is_empty()) {
            for claim in claims_of(object) {
                if let Some(id) = cx.view.find_id(Kind::PersistentVolumeClaim, &object.meta.namespace, &claim) {
                    work.add(id);
                }
            }
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<()>, cx: &mut Ctx<'_>) -> Step {
        if let Some(answer) = sync.answers.first() {
            return answer.as_ref().err().filter(|e| e.code() != 404).map_or(Step::Done, |error| Step::Retry(error.to_string()));
        }
        let Some(object) = cx.view.get(key).filter(|object| object.meta.is_deleting()) else { return Step::Done };
        let finalizer = if object.kind() == Kind::PersistentVolume { VOLUME_FINALIZER } else { CLAIM_FINALIZER };
        if !object.meta.finalizers.iter().any(|name| &**name == finalizer) || is_used(object, cx) {
            return Step::Done;
        }
        Step::call(Verb::edit(Key::of(object), move |object| {
            object.meta.finalizers = object.meta.finalizers.iter().filter(|name| &***name != finalizer).cloned().collect();
        }))
    }
}

fn is_used(object: &Object, cx: &Ctx<'_>) -> bool {
    if let Some(volume) = object.as_persistent_volume() {
        return &*volume.status.phase == "Bound";
    }
    // A pod without node counts too: it may get one before its end is seen.
    let mut pods = cx.view.list_in(Kind::Pod, &object.meta.namespace);
    pods.any(|(_, pod)| pod.as_pod().is_some_and(|body| !body.is_terminal()) && claims_of(pod).any(|claim| claim == object.meta.name))
}
