// One command of `kobling`: its options, its help and what it does. CLI11 stays behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/exit_code.h"
#include "client/session.h"

// The library's header is large; only the files that speak to it include it.
namespace CLI {
class App;
}

namespace kobling::client {

using Handler = std::function<absl::StatusOr<ExitCode>(Session& session)>;

// Values of options, filled in by the parser and read by the handler.
using TextValue = std::shared_ptr<std::string>;
using TextValues = std::shared_ptr<std::vector<std::string>>;
using NumberValue = std::shared_ptr<std::uint64_t>;
using FlagValue = std::shared_ptr<bool>;

struct CommandText {
  std::string name;
  std::string about;                  // one sentence
  std::vector<std::string> examples;  // whole command lines, ready to be copied
  std::vector<std::string> methods;   // of the API, "RegisterService/AddRegister"; who may run it follows from them
};

// A command while it is being declared. Texts that are not given are empty, numbers 0.
class Command {
 public:
  Command(CLI::App& app, Handler& handler) : app_(app), handler_(handler) {}

  enum class Need { kRequired, kOptional };
  TextValue Positional(const std::string& name, const std::string& about, Need need);
  TextValue Text(const std::string& option, const std::string& about, Need need);
  TextValues Texts(const std::string& option, const std::string& about);
  TextValues Words(const std::string& name, const std::string& about);
  // From 1; anything else on the command line is refused, naming the option.
  NumberValue Number(const std::string& option, const std::string& about, Need need);
  NumberValue PositionalNumber(const std::string& name, const std::string& about);
  FlagValue Flag(const std::string& option, const std::string& about);

  void Run(Handler handler) { handler_ = std::move(handler); }

 private:
  CLI::App& app_;
  Handler& handler_;
};

// All commands. The CLI::App must outlive it.
class CommandTree {
 public:
  struct Entry {
    CommandText text;
    Handler handler;
  };

  explicit CommandTree(CLI::App& root) : root_(root) {}

  CLI::App& root() { return root_; }
  const CLI::App& root() const { return root_; }

  // A noun that commands are gathered under.
  CLI::App& AddGroup(const std::string& name, const std::string& about);
  // A command under a noun or the root.
  Command AddCommand(CLI::App& parent, CommandText text);
  // A command that help does not show.
  Command AddHiddenCommand(CLI::App& parent, CommandText text);

  // The command that an app stands for, or null for a noun.
  const Entry* Find(const CLI::App* app) const;

 private:
  CLI::App& root_;
  std::map<const CLI::App*, std::unique_ptr<Entry>> entries_;
};

}  // namespace kobling::client
