#include "client/commands/command.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"

namespace kobling::client {
namespace {

void Require(CLI::Option& option, Command::Need need) { option.required(need == Command::Need::kRequired); }

std::string Footer(const std::vector<std::string>& examples) {
  std::string footer = "Examples:";
  for (const std::string& example : examples) {
    footer += "\n  " + example;
  }
  return footer;
}

}  // namespace

TextValue Command::Positional(const std::string& name, const std::string& about, Need need) {
  auto value = std::make_shared<std::string>();
  Require(*app_.add_option(name, *value, about), need);
  return value;
}

TextValue Command::Text(const std::string& option, const std::string& about, Need need) {
  return Positional(option, about, need);
}

TextValues Command::Texts(const std::string& option, const std::string& about) {
  auto value = std::make_shared<std::vector<std::string>>();
  app_.add_option(option, *value, about)->expected(1)->take_all();
  return value;
}

TextValues Command::Words(const std::string& name, const std::string& about) {
  auto value = std::make_shared<std::vector<std::string>>();
  app_.add_option(name, *value, about);
  return value;
}

NumberValue Command::Number(const std::string& option, const std::string& about, Need need) {
  auto value = std::make_shared<std::uint64_t>(0);
  // The library itself would take -5 for a very large number.
  CLI::Option& added = *app_.add_option(option, *value, about)->check([](const std::string& text) {
    std::uint64_t number = 0;
    const bool has_digits_only =
        std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    return std::string(
        has_digits_only && absl::SimpleAtoi(text, &number) && number > 0 ? "" : "write a whole number from 1");
  });
  Require(added, need);
  return value;
}

NumberValue Command::PositionalNumber(const std::string& name, const std::string& about) {
  return Number(name, about, Need::kRequired);
}

FlagValue Command::Flag(const std::string& option, const std::string& about) {
  auto value = std::make_shared<bool>(false);
  app_.add_flag(option, *value, about);
  return value;
}

CLI::App& CommandTree::AddGroup(const std::string& name, const std::string& about) {
  CLI::App& group = *root_.add_subcommand(name, about);
  group.require_subcommand(1);
  group.footer("Help for one of them:\n  kobling " + name + " COMMAND --help");
  return group;
}

Command CommandTree::AddCommand(CLI::App& parent, CommandText text) {
  CLI::App& app = *parent.add_subcommand(text.name, text.about);
  app.footer(Footer(text.examples));
  auto entry = std::make_unique<Entry>();
  entry->text = std::move(text);
  Handler& handler = entry->handler;
  entries_[&app] = std::move(entry);
  return Command(app, handler);
}

Command CommandTree::AddHiddenCommand(CLI::App& parent, CommandText text) {
  const std::string name = text.name;
  Command command = AddCommand(parent, std::move(text));
  parent.get_subcommand(name)->group("");
  return command;
}

const CommandTree::Entry* CommandTree::Find(const CLI::App* app) const {
  const auto found = entries_.find(app);
  return found == entries_.end() ? nullptr : found->second.get();
}

}  // namespace kobling::client
