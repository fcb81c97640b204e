#include "app/enter.hpp"

#include <fmt/format.h>

#include "activate/apply.hpp"
#include "activate/env_diff.hpp"
#include "activate/formats.hpp"
#include "app/compat.hpp"
#include "app/requirements.hpp"
#include "app/select.hpp"
#include "exec/run.hpp"
#include "sys/fs.hpp"

namespace cudaenv::app {

namespace {

using activate::Undo;
using activate::Variables;

constexpr const char* state_variable = "CUDAENV_STATE";
constexpr const char* choice_variable = "CUDAENV_TOOLKIT";
// The hooks evaluate nothing that does not begin so: an error under --json, say, is printed instead.
constexpr const char* script_mark = "# cudaenv:1\n";

bool is_folder(const std::string& path) {
  const auto status = fs::status_of_target(path);
  return status && status->type == fs::Type::folder;
}

activate::Tree tree_of(const Receipt& toolkit) {
  activate::Tree tree{toolkit.path, {}, fs::exists(toolkit.path + "/bin/nvcc")};
  for (const char* name : {"/lib", "/lib64"})
    if (tree.lib.empty() && is_folder(toolkit.path + name)) tree.lib = toolkit.path + name;
  return tree;
}

// The proof alone decides whether a compat folder goes first; a cached verdict is read in a millisecond.
void add_compat(const World& world, const Receipt& toolkit, activate::Tree& tree) {
  const auto folder = compat_folder(toolkit);
  if (folder.empty()) return;
  const auto verdict = ensure_verdict(world, toolkit);
  if (!verdict) {
    tree.compat_note = "forward compatibility is not used, nothing could be proven: " + sentence(verdict.error());
  } else if (verdict->compat && verdict->compat->active) {
    tree.compat = folder;
    tree.compat_note = fmt::format("forward compatibility: {} is first in LD_LIBRARY_PATH ({})", folder, verdict->compat->why);
  } else {
    tree.compat_note = "forward compatibility is not used: " + (verdict->compat ? verdict->compat->why : "nothing was launched");
  }
}

// The environment as it is, and as it was before the activation that $CUDAENV_STATE tells of.
struct Surroundings {
  Variables now;
  Variables base;
  Undo old;
};

Surroundings surroundings(const World& world) {
  Surroundings out{world.env.all(), {}, {}};
  if (const auto state = out.now.find(state_variable); state != out.now.end())
    out.old = activate::parse_undo(state->second).value_or(Undo{});
  out.base = activate::revert(out.old, out.now);
  out.base.erase(state_variable);
  return out;
}

void remember(const Undo& undo, Variables& variables) {
  if (undo != Undo{}) variables[state_variable] = activate::encode_undo(undo);
}

std::string script_for(Shell shell, const Variables& from, const Variables& to) {
  return script_mark + (shell == Shell::fish ? activate::script_fish(from, to) : activate::script_sh(from, to));
}

// `use` that is still in force keeps its place in the state across prompts.
Undo undo_with_use(const Surroundings& around) {
  Undo undo;
  if (around.old.use && around.base.contains(choice_variable)) undo.use = around.old.use;
  return undo;
}

// The environment that flag-less selection asks for, in `around`.
Result<void> enter(const World& world, const Surroundings& around, Variables& target, std::vector<std::string>& messages) {
  auto undo = undo_with_use(around);
  remember(undo, target);
  const auto selection = TRY(find_selection(world));
  messages = selection.ignored;
  if (selection.spec.empty()) return {};
  const auto toolkit = TRY(find_toolkit(world, selection));
  // Who said `use` was asked then, and may have said --no-verify.
  if (selection.origin.kind != Origin::Kind::environment) TRY(check_requirements(world, selection));
  // A prompt must not be the place where a driver's refusal locks a person out: it is said, once.
  if (auto refusal = check_verdict(world, toolkit); !refusal) messages.push_back(sentence(refusal.error()));
  const auto diff = TRY(environment_of(world, toolkit));
  auto whole = activate::make_undo(diff, around.base);
  whole.use = undo.use;
  target = activate::apply(diff, around.base, activate::Duplicates::keep);
  remember(whole, target);
  return {};
}

World with_environment(World world, const Variables& variables) {
  world.env = Environment(variables);
  return world;
}

ShellAnswer answer_in(const World& world, Shell shell, const Surroundings& around) {
  ShellAnswer answer;
  auto target = around.base;
  if (auto entered = enter(with_environment(world, around.base), around, target, answer.messages); !entered)
    answer.problem = std::move(entered).error();
  answer.script = script_for(shell, around.now, target);
  return answer;
}

Result<std::string> use_script(const World& world, Shell shell, const std::string& spec, bool verify,
                               std::vector<std::string>& messages) {
  const auto around = surroundings(world);
  const auto chosen = TRY(select(with_environment(world, around.base), spec));
  if (verify) TRY(check_requirements(with_environment(world, around.base), chosen.selection));
  const auto verdict = verify ? TRY(check_verdict(with_environment(world, around.base), chosen.toolkit)) : "not verified";
  messages.push_back(fmt::format("CUDA {} in this shell ({})", to_text(chosen.toolkit.version).view(), verdict));
  const auto diff = TRY(environment_of(world, chosen.toolkit));
  auto undo = activate::make_undo(diff, around.base);
  auto target = activate::apply(diff, around.base, activate::Duplicates::keep);
  undo.use = Undo::Value{choice_variable, std::nullopt, name_of(chosen.toolkit)};
  if (const auto before = around.base.find(choice_variable); before != around.base.end()) {
    // A second `use` keeps what was there before the first.
    const bool ours = around.old.use && around.old.use->ours == before->second;
    undo.use->before = ours ? around.old.use->before : before->second;
  }
  target[choice_variable] = undo.use->ours;
  remember(undo, target);
  return script_for(shell, around.now, target);
}

}  // namespace

Result<EnvDiff> environment_of(const World& world, const Receipt& toolkit) {
  const auto config = TRY(configuration(world));
  auto tree = tree_of(toolkit);
  // What an earlier activation put into LD_LIBRARY_PATH must not decide about this one.
  add_compat(with_environment(world, surroundings(world).base), toolkit, tree);
  return activate::make_env_diff(tree, config.library_path.value);
}

const std::vector<std::string_view>& environment_formats() { return activate::format_names(); }

Result<std::string> environment_text(const World& world, const Receipt& toolkit, std::string_view format) {
  return activate::format_env(format, TRY(environment_of(world, toolkit)), surroundings(world).base);
}

Error run_command(const World& world, const Receipt& toolkit, const std::vector<std::string>& command) {
  auto diff = environment_of(world, toolkit);
  if (!diff) return std::move(diff).error();
  const auto around = surroundings(world);
  auto target = activate::apply(*diff, around.base, activate::Duplicates::drop);
  auto undo = activate::make_undo(*diff, around.base);
  // Shims and hooks below the command agree with it, wherever it goes.
  const auto before = around.base.find(choice_variable);
  undo.use = Undo::Value{choice_variable, before == around.base.end() ? std::nullopt : std::optional(before->second),
                         name_of(toolkit)};
  target[choice_variable] = undo.use->ours;
  remember(undo, target);
  return exec::become(command, target);
}

ShellAnswer hook_answer(const World& world, Shell shell) { return answer_in(world, shell, surroundings(world)); }

ShellAnswer use_answer(const World& world, Shell shell, const std::string& spec, bool verify) {
  ShellAnswer answer;
  auto script = use_script(world, shell, spec, verify, answer.messages);
  if (script) return answer.script = std::move(*script), answer;
  answer.messages.clear();
  answer.problem = std::move(script).error();
  return answer;
}

ShellAnswer unset_answer(const World& world, Shell shell) {
  auto around = surroundings(world);
  const auto use = std::exchange(around.old.use, std::nullopt);
  const auto now = around.base.find(choice_variable);
  if (use && now != around.base.end() && now->second == use->ours) activate::revert_value(*use, around.base);
  else around.base.erase(choice_variable);
  return answer_in(world, shell, around);
}

}  // namespace cudaenv::app
