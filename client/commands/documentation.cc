#include "client/commands/documentation.h"

#include <map>

#include "CLI/CLI.hpp"
#include "domain/method_policy.h"

namespace kobling::client {
namespace {

constexpr const char* kIntroduction = R"(# The command `kobling`

This page is made by `kobling dump-docs` from the program itself; a test compares the two.

Data go to standard output, everything else to standard error. `--format table|json|csv` works with every command; CSV
has `;` between the columns.

Settings come from flags, then from environment variables (`KOBLING_ADDRESS`, `KOBLING_CA`, `KOBLING_CERTIFICATE`,
`KOBLING_KEY`, `KOBLING_IDENTITY`, `KOBLING_SIGNING_KEY`), then from `kobling.toml` in the profile's folder,
`$KOBLING_HOME/<profile>` or `~/.config/kobling/<profile>`. `kobling config show` tells which it was.

Identifiers of persons are read from files or standard input, never from arguments or the environment, and are never
printed.

A command that changes something keeps its request id in the profile's folder `state` until it has an answer. Run again
after an interruption, it is the same request and is not done twice.

An error has three parts:

    error: The project is not in a state that allows this. [PROJECT_STATE]
      where: project P0041, state draft
      do: Look at the project's state and take the step that is due first.

The name in brackets is stable; `docs/errors.md` lists them all.

## Exit codes

| Code | Meaning |
|---|---|
| 0 | done |
| 1 | the command line, the profile or a file on your machine is wrong |
| 2 | the server refused, failed or cannot be reached |
| 3 | you are not permitted to do this |
| 4 | the server has no such thing |
| 5 | done, but bad rows were left out |
)";

std::string RolesOf(const CommandText& text) {
  domain::RoleSet roles = domain::RoleSet::All();
  for (const std::string& method : text.methods) {
    const domain::MethodPolicy* policy = domain::FindMethod("/kobling.v1." + method);
    domain::RoleSet both;
    for (const domain::Role role : domain::kAllRoles) {
      if (policy != nullptr && policy->roles.contains(role) && roles.contains(role)) {
        both = both.With(role);
      }
    }
    roles = both;
  }
  std::string names;
  for (const domain::Role role : domain::kAllRoles) {
    if (roles.contains(role)) {
      names += names.empty() ? "" : ", ";
      names += NameOf(role);
    }
  }
  return text.methods.empty() ? "none needed; works offline" : names;
}

std::string PathOf(const CLI::App& app, const std::string& before) {
  std::string path = before;
  path += before.empty() ? "" : " ";
  path += app.get_name();
  return path;
}

void AddMarkdown(const CommandTree& tree, const CLI::App& app, const std::string& before, std::string& page) {
  const std::string path = PathOf(app, before);
  if (const CommandTree::Entry* entry = tree.Find(&app)) {
    page += "\n### `" + path + "`\n\nRoles: " + RolesOf(entry->text) + ".";
    for (const std::string& method : entry->text.methods) {
      page += method == entry->text.methods.front() ? " Calls " : ", ";
      page += "`" + method + "`";
    }
    page += entry->text.methods.empty() ? "\n" : ".\n";
    page += "\n```text\n" + HelpOf(app, before) + "```\n";
  }
  for (const CLI::App* child : SubcommandsOf(app)) {
    AddMarkdown(tree, *child, path, page);
  }
}

void AddCompletions(const CLI::App& app, const std::string& path, std::map<std::string, std::string>& words) {
  std::string& list = words[path];
  for (const CLI::App* child : SubcommandsOf(app)) {
    list += child->get_name() + " ";
    AddCompletions(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), words);
  }
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_lnames().empty()) {
      list += "--" + option->get_lnames().front() + " ";
    }
  }
}

}  // namespace

// Not App::help, which turns to the subcommand that was chosen in this run.
std::string HelpOf(const CLI::App& app, const std::string& before) {
  return app.get_formatter()->make_help(&app, PathOf(app, before), CLI::AppFormatMode::Normal);
}

std::vector<const CLI::App*> SubcommandsOf(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* child) { return !child->get_group().empty(); });
}

absl::StatusOr<std::string> HelpFor(const CommandTree& tree, const std::vector<std::string>& words) {
  const CLI::App* app = &tree.root();
  std::string before;
  for (const std::string& word : words) {
    const auto found = app->get_subcommands([&](const CLI::App* child) { return child->get_name() == word; });
    if (found.empty()) {
      return UsageError("there is no such command");
    }
    before = PathOf(*app, before);
    app = found.front();
  }
  return HelpOf(*app, before);
}

std::string BashCompletion(const CommandTree& tree) {
  std::map<std::string, std::string> words;
  AddCompletions(tree.root(), "", words);
  std::string script =
      "# Completion of the command kobling for bash.\n"
      "_kobling() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} path= word list\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    [[ $word == -* ]] && break\n"
      "    path=${path:+$path }$word\n"
      "  done\n"
      "  while :; do\n"
      "    case $path in\n";
  for (const auto& [path, list] : words) {
    script += "      '" + path + "') list='" + list + "' ;;\n";
  }
  script +=
      "      *) path=${path% *}; continue ;;\n"
      "    esac\n"
      "    break\n"
      "  done\n"
      "  COMPREPLY=($(compgen -W \"$list\" -- \"$current\"))\n"
      "  [[ $current == -* || $path == '' ]] || COMPREPLY+=($(compgen -f -- \"$current\"))\n"
      "}\n"
      "complete -o filenames -F _kobling kobling\n";
  return script;
}

std::string CommandsMarkdown(const CommandTree& tree) {
  std::string page = kIntroduction;
  page += "\n## All commands\n\n```text\n" + HelpOf(tree.root(), "") + "```\n";
  for (const CLI::App* child : SubcommandsOf(tree.root())) {
    AddMarkdown(tree, *child, "kobling", page);
  }
  return page;
}

}  // namespace kobling::client
