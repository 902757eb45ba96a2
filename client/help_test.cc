// What the program says of itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "CLI/CLI.hpp"
#include "client/client_testing.h"
#include "client/commands/documentation.h"
#include "domain/method_policy.h"

namespace kobling::client {
namespace {

using testing::HasSubstr;

struct HelpPage {
  std::string path;
  std::string text;
  const CommandTree::Entry* entry;
};

class Help : public testing::Test {
 protected:
  Help() : root_("", "kobling"), tree_(root_) {
    DeclareKobling(tree_, options_);
    Collect(root_, "");
  }

  void Collect(const CLI::App& app, const std::string& before) {
    const std::string path = before.empty() ? app.get_name() : before + " " + app.get_name();
    pages_.push_back({path, HelpOf(app, before), tree_.Find(&app)});
    for (const CLI::App* child : SubcommandsOf(app)) {
      Collect(*child, path);
    }
  }

  CLI::App root_;
  CommandTree tree_;
  GlobalOptions options_;
  std::vector<HelpPage> pages_;
};

TEST_F(Help, EveryPageFitsAScreenAndEveryCommandHasAnExampleOfItself) {
  EXPECT_GT(pages_.size(), 60U);
  for (const HelpPage& page : pages_) {
    EXPECT_LE(std::count(page.text.begin(), page.text.end(), '\n'), 44) << page.text;
    std::istringstream lines(page.text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(WidthOf(line), 120U) << line;
    }
    if (page.entry != nullptr) {
      ASSERT_FALSE(page.entry->text.examples.empty()) << page.path;
      const bool shows_itself =
          std::any_of(page.entry->text.examples.begin(), page.entry->text.examples.end(),
                      [&](const std::string& example) { return example.find(page.path) != std::string::npos; });
      EXPECT_TRUE(shows_itself) << page.path;
    }
  }
}

TEST_F(Help, EveryMethodOfTheApiHasACommandAndEveryCommandNamesMethodsThatExist) {
  std::string called;
  for (const HelpPage& page : pages_) {
    for (const std::string& method : page.entry == nullptr ? std::vector<std::string>() : page.entry->text.methods) {
      EXPECT_NE(domain::FindMethod("/kobling.v1." + method), nullptr) << method;
      called += "/kobling.v1." + method + "\n";
    }
  }
  for (const domain::MethodPolicy& policy : domain::AllMethods()) {
    if (!policy.method.starts_with("/grpc.health.")) {  // for probes; people have doctor
      EXPECT_THAT(called, HasSubstr(std::string(policy.method) + "\n"));
    }
  }
}

TEST_F(Help, TheCommittedPageIsWhatTheProgramSays) {
  std::ostringstream committed;
  committed << std::ifstream(KOBLING_SOURCE_DIR "/docs/commands.md").rdbuf();
  EXPECT_TRUE(committed.str() == CommandsMarkdown(tree_)) << "make it again: kobling dump-docs > docs/commands.md";
}

TEST_F(Help, CompletionIsAScriptThatBashAccepts) {
  ClientTestFolder folder;
  const std::string script = folder.Write("completion", BashCompletion(tree_));
  const std::string command =
      "bash -c 'source " + script +
      "; COMP_WORDS=(kobling population su); COMP_CWORD=2; _kobling; [[ ${COMPREPLY[0]} == submit ]]'";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST_F(Help, HelpAndVersionGoToStandardOutput) {
  CommandRunner runner;
  const auto direct = runner.Run({"population", "submit", "--help"});
  EXPECT_EQ(direct.code, ExitCode::kOk);
  EXPECT_EQ(direct.err, "");
  EXPECT_THAT(direct.out, HasSubstr("kobling population submit P0041 --file extract.csv"));
  EXPECT_EQ(runner.Run({"help", "population", "submit"}).out, direct.out);
  EXPECT_EQ(runner.Run({"help"}).out, runner.Run({"--help"}).out);
  EXPECT_EQ(runner.Run({"dump-docs"}).out, CommandsMarkdown(tree_));
  EXPECT_THAT(runner.Run({"--version"}).out, HasSubstr("kobling "));
}

}  // namespace
}  // namespace kobling::client
