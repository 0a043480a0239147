//! What a StatefulSet's reconciliation writes of its members and their claims, with the Events about it.
//! Real: pkg/controller/statefulset/stateful_pod_control.go @ v1.37.2.

use super::statefulset_control::Reconcile;
use super::statefulset_pods::*;
use crate::actor::script::{Run, Script, fail, outcome};
use crate::actor::{Ctx, EventType};
use crate::api::{Answer, Verb};
use crate::model::{Kind, Obj, Object, Str};
use crate::store::Key;
use std::collections::BTreeMap;

impl Reconcile<'_, '_> {
    pub(super) fn event(&mut self, script: &Script<'_>, verb: Doing, pod: &Object, error: Option<&str>) {
        if !script.is_live() {
            return;
        }
        let (set, pod) = (&self.given.set.meta.name, &pod.meta.name);
        let (what, good, bad) = verb.words();
        match error {
            None => {
                let message = format!("{what} Pod {pod} in StatefulSet {set} successful");
                self.cx.event(&self.given.set, EventType::Normal, good, message);
            }
            Some(error) => {
                let message = format!("{what} Pod {pod} in StatefulSet {set} failed error: {error}");
                self.cx.event(&self.given.set, EventType::Warning, bad, message);
            }
        }
    }

    /// Whether the node of a member is not heard of.
    pub(super) fn is_lost(&self, pod: &Obj) -> bool {
        let node = pod.as_pod().and_then(|pod| self.cx.view.find(Kind::Node, "", &pod.node_name));
        node.and_then(|node| node.as_node()).is_some_and(|node| !node.is_ready())
    }

    pub(super) fn delete_pod(&mut self, script: &mut Script<'_>, pod: &Obj) -> Run<()> {
        let answer = script.call(Verb::delete(Key::of(pod)))?;
        match answer {
            Err(error) if error.code() != 404 => {
                self.event(script, Doing::Delete, pod, Some(&error.to_string()));
                fail(error)
            }
            _ => {
                self.event(script, Doing::Delete, pod, None);
                Ok(())
            }
        }
    }

    pub(super) fn create_pod(&mut self, script: &mut Script<'_>, pod: &Obj) -> Run<()> {
        if let Err(error) = outcome(self.create_claims(script, pod))? {
            self.event(script, Doing::Create, pod, Some(&error));
            return fail(error);
        }
        let answer = script.call(Verb::Create(Box::new((**pod).clone())))?;
        self.note_write(&answer);
        if matches!(&answer, Err(error) if error.code() == 409) {
            return answer.map(|_| ()).or_else(fail);
        }
        self.update_claims_noted(script, pod)?;
        let error = answer.err().map(|error| error.to_string());
        self.event(script, Doing::Create, pod, error.as_deref());
        error.map_or(Ok(()), fail)
    }

    pub(super) fn update_pod(&mut self, script: &mut Script<'_>, pod: &Obj) -> Run<()> {
        if !storage_matches(&self.given.set, pod)
            && let Err(error) = outcome(self.create_claims(script, pod))?
        {
            self.event(script, Doing::Update, pod, Some(&error));
            return fail(error);
        }
        if !self.claims_match(pod) {
            self.update_claims_noted(script, pod)?;
        }
        let ordinal = ordinal(pod).unwrap_or_default();
        let answer = script.call(Verb::edit(Key::of(pod), move |pod| set_identity(&mut pod.meta, ordinal)))?;
        self.note_write(&answer);
        let error = answer.err().map(|error| error.to_string());
        self.event(script, Doing::Update, pod, error.as_deref());
        error.map_or(Ok(()), fail)
    }

    pub(super) fn create_claims(&mut self, script: &mut Script<'_>, pod: &Object) -> Run<()> {
        let Some(ordinal) = ordinal(pod) else { return Ok(()) };
        let mut errors = Vec::new();
        for claim in claims(&self.given.set, ordinal) {
            let name = claim.meta.name.clone();
            match self.claim(&name) {
                Some(present) if present.meta.is_deleting() => errors.push(format!("pvc {name} is being deleted")),
                Some(_) => {}
                None => {
                    let answer = script.call(Verb::Create(Box::new(claim)))?;
                    self.note_claim(&answer);
                    if let Err(error) = &answer {
                        errors.push(format!("failed to create PVC {name}: {error}"));
                    }
                    if !matches!(&answer, Err(error) if error.code() == 409) && script.is_live() {
                        self.claim_event(pod, &name, answer.err().map(|error| error.to_string()));
                    }
                }
            }
        }
        if errors.is_empty() { Ok(()) } else { fail(super::endpointslice::aggregate(&errors)) }
    }

    fn claim_event(&mut self, pod: &Object, claim: &str, error: Option<String>) {
        let (set, pod) = (&self.given.set, &pod.meta.name);
        match error {
            None => {
                let message = format!("Create Claim {claim} Pod {pod} in StatefulSet {} success", set.meta.name);
                self.cx.event(set, EventType::Normal, "SuccessfulCreate", message);
            }
            Some(error) => {
                let message = format!("Create Claim {claim} for Pod {pod} in StatefulSet {} failed error: {error}", set.meta.name);
                self.cx.event(set, EventType::Warning, "FailedCreate", message);
            }
        }
    }

    /// The present claims of a member.
    fn present_claims(&self, pod: &Object) -> Vec<&Obj> {
        let Some(ordinal) = ordinal(pod) else { return Vec::new() };
        let templates = &self.given.body().spec.volume_claim_templates;
        let name = |template: &crate::model::EmbeddedClaim| claim_name(&self.given.set, &template.metadata.name, ordinal);
        templates.iter().filter_map(|template| self.claim(&name(template))).collect()
    }

    fn claim(&self, name: &str) -> Option<&Obj> {
        self.claims.get(name).or_else(|| self.given.claims.get(name))
    }

    fn note_claim(&mut self, answer: &Answer) {
        self.note_write(answer);
        if let Ok(claim) = answer {
            self.claims.insert(claim.meta.name.clone(), claim.clone());
        }
    }

    pub(super) fn claims_match(&self, pod: &Object) -> bool {
        self.present_claims(pod).iter().all(|claim| owners_match(claim, &self.given.set, pod))
    }

    pub(super) fn claim_is_stale(&self, pod: &Object) -> bool {
        deletes_when_scaled(self.given.body()) && self.present_claims(pod).iter().any(|claim| has_stale_owner(claim, pod))
    }

    pub(super) fn update_claims(&mut self, script: &mut Script<'_>, pod: &Object) -> Run<()> {
        let claims: Vec<Obj> = self.present_claims(pod).into_iter().cloned().collect();
        for claim in claims {
            let name = &claim.meta.name;
            if has_foreign_controller(&claim, &self.given.set, pod) && script.is_live() {
                let message = format!(
                    "PersistentVolumeClaim {name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim"
                );
                self.cx.event(&self.given.set, EventType::Warning, "ConflictingController", message);
            }
            if owners_match(&claim, &self.given.set, pod) {
                continue;
            }
            let mut changed = (*claim).clone();
            changed.meta.owner_references = new_owners(&claim, &self.given.set, pod);
            let answer = script.call(Verb::Update(Box::new(changed)))?;
            self.note_claim(&answer);
            if let Err(error) = answer {
                return fail(format!("could not update claim {name} for delete policy ownerRefs: {error}"));
            }
        }
        Ok(())
    }

    pub(super) fn update_claims_noted(&mut self, script: &mut Script<'_>, pod: &Object) -> Run<()> {
        match outcome(self.update_claims(script, pod))? {
            Ok(()) => Ok(()),
            Err(error) => {
                self.event(script, Doing::Update, pod, Some(&error));
                fail(error)
            }
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Doing {
    Create,
    Update,
    Delete,
}

impl Doing {
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Doing::Create => ("Create", "SuccessfulCreate", "FailedCreate"),
            Doing::Update => ("Update", "SuccessfulUpdate", "FailedUpdate"),
            Doing::Delete => ("Delete", "SuccessfulDelete", "FailedDelete"),
        }
    }
}

/// The claims that members of the set have or would have, as the view shows them.
pub fn present_claims(set: &Object, pods: &[Obj], cx: &Ctx<'_>) -> BTreeMap<Str, Obj> {
    let mut found = BTreeMap::new();
    let Some(body) = set.as_stateful_set().filter(|body| !body.spec.volume_claim_templates.is_empty()) else { return found };
    let (start, replicas) = ordinals(body);
    let condemned = pods.iter().filter_map(|pod| ordinal(pod)).filter(|ordinal| !is_wanted(body, *ordinal));
    for ordinal in (start..start + replicas).chain(condemned) {
        for template in &body.spec.volume_claim_templates {
            let name = claim_name(set, &template.metadata.name, ordinal);
            if let Some(claim) = cx.view.find(Kind::PersistentVolumeClaim, &set.meta.namespace, &name) {
                found.insert(claim.meta.name.clone(), claim.clone());
            }
        }
    }
    found
}
