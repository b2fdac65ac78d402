use std::collections::HashMap;

use madang_extract::options::Options;
use madang_sandbox::limits::ChildLimits;

use crate::declaration::Pipeline;

/// What is wanted of each pipeline's objects, and what reading one of them may use.
#[derive(Clone, Debug)]
pub struct Terms {
    declared: HashMap<String, (ChildLimits, Options)>,
    /// Of objects whose pipeline is not declared any more.
    otherwise: (ChildLimits, Options),
}

impl Terms {
    /// As these pipelines declare it, over the limits of all.
    pub fn new(pipelines: &[Pipeline], limits: &ChildLimits) -> Terms {
        let of = |pipeline: &Pipeline| {
            let terms = (pipeline.limits.over(limits.clone()), pipeline.options.clone());
            (pipeline.name.clone(), terms)
        };
        Terms {
            declared: pipelines.iter().map(of).collect(),
            otherwise: (limits.clone(), Options::default()),
        }
    }

    /// Those of a pipeline.
    pub fn of(&self, pipeline: &str) -> (&ChildLimits, &Options) {
        let (limits, options) = self.declared.get(pipeline).unwrap_or(&self.otherwise);
        (limits, options)
    }
}
