//! Deletes finished Jobs once their time to live is over.
//! Real: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go @ v1.37.2.

use super::ControllerManager;
use super::job_control::is_finished;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::{Ctx, Kinds};
use crate::api::{DeleteOptions, Preconditions, Propagation, Verb};
use crate::base::Span;
use crate::model::{Kind, Object};
use crate::store::{Change, Id, Key};

/// The controller.
pub struct TtlAfterFinished {
    workers: usize,
    limits: Option<Limits>,
}

impl TtlAfterFinished {
    /// The controller as the settings want it.
    pub fn of(settings: &ControllerManager) -> Self {
        TtlAfterFinished { workers: settings.concurrent_ttl_syncs, limits: settings.client_limits() }
    }
}

/// How long a Job has still to live, in nanoseconds; absent if nobody waits for its end.
fn left_ns(job: &Object, cx: &Ctx<'_>) -> Option<i128> {
    let body = job.as_job().filter(|body| !job.meta.is_deleting() && is_finished(body))?;
    let ttl = body.spec.ttl_seconds_after_finished?;
    let end = |condition: &&crate::model::JobCondition| matches!(&*condition.r#type, "Complete" | "Failed") && &*condition.status == "True";
    let finished = body.status.conditions.iter().find(end)?.last_transition_time?;
    Some(i128::from(ttl) * 1_000_000_000 - cx.clock.age_ns(finished, cx.now))
}

impl Controller for TtlAfterFinished {
    type Progress = ();

    fn name(&self) -> &'static str {
        "ttl-after-finished-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Job])
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        if change.after.is_some_and(|job| left_ns(job, cx).is_some()) {
            work.add(change.id);
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<()>, cx: &mut Ctx<'_>) -> Step {
        let job = match (sync.turn, sync.answers.first()) {
            (0, _) => cx.view.get(key).cloned(),
            (1, Some(Ok(fresh))) => Some(fresh.clone()),
            (_, Some(Err(error))) if sync.turn > 1 || error.code() != 404 => return Step::Retry(error.to_string()),
            _ => None,
        };
        let Some(job) = job else { return Step::Done };
        match left_ns(&job, cx) {
            None => Step::Done,
            Some(left) if left > 0 => Step::After(Span(u64::try_from(left).unwrap_or(u64::MAX))),
            Some(_) if sync.turn == 0 => Step::call(Verb::Get(Key::of(&job))),
            Some(_) => {
                let preconditions = Preconditions { uid: Some(job.meta.uid.clone()), ..Preconditions::default() };
                let options = DeleteOptions { propagation: Some(Propagation::Foreground), preconditions, ..DeleteOptions::default() };
                Step::call(Verb::Delete { target: Key::of(&job), options })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::testing::World;
    use serde_json::json;

    #[test]
    fn a_finished_job_goes_when_its_time_is_over() {
        let mut world = World::new(0, |job| job.meta.name.to_string()).with(TtlAfterFinished::of(&ControllerManager::default()));
        for (name, ttl) in [("a", json!(5)), ("b", json!(null))] {
            world.create(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
                "spec": {"ttlSecondsAfterFinished": ttl, "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}}));
        }
        world.run(10_000);
        assert_eq!(world.list(Kind::Job).len(), 2, "they still run");
        for name in ["a", "b"] {
            let now = world.sim.clock().timestamp(world.sim.now());
            let done = |kind: &str| json!({"type": kind, "status": "True", "lastTransitionTime": now});
            world.status(
                Kind::Job,
                name,
                json!({"startTime": now, "completionTime": now, "conditions": [done("SuccessCriteriaMet"), done("Complete")]}),
            );
        }
        world.run(4_900);
        assert_eq!(world.list(Kind::Job).len(), 2);
        world.run(200);
        let job = world.get(Kind::Job, "a");
        assert!(job.is_none_or(|job| job.meta.is_deleting()));
        assert!(world.get(Kind::Job, "b").is_some_and(|job| !job.meta.is_deleting()));
    }
}
