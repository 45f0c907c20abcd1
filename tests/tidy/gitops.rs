//! What GitOps tools are told: the health check of Argo CD as the part of its ConfigMap that people install.

use crate::tree;

const SCRIPT: &str = "docs/gitops/resource_customizations/um.lamplighter.dev/_/health.lua";
/// Where it stands for people to install.
pub const CONFIG_MAP: &str = "docs/gitops/argocd-cm.yaml";

/// The text of [`CONFIG_MAP`].
pub fn config_map() -> String {
    let lines = tree::read(SCRIPT);
    let lines = lines.lines().map(|line| format!("        {line}\n").replace("        \n", "\n"));
    format!(
        "# Generated from {SCRIPT}: `UPDATE=1 cargo test --test tidy` rewrites it.\n\
        data:\n  resource.customizations: |\n    um.lamplighter.dev/*:\n      health.lua: |\n{}",
        lines.collect::<String>()
    )
}
