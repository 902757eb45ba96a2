// The public list as a command: what stands in its folder, and when it refuses to write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "client/client_testing.h"
#include "client/html_testing.h"
#include "client/server_answer.h"
#include "nlohmann/json.hpp"

namespace kobling::client {
namespace {

namespace fs = std::filesystem;
using domain::MakeError;
using domain::Reason;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;
using Result = CommandRunner::Result;

std::vector<std::string> NamesIn(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

class PublishCommand : public testing::Test {
 protected:
  Result Publish(const std::string& title) {
    api::ListPublicProjectsResponse answer;
    api::PublicProject& project = *answer.add_projects();
    project.set_id("P0041");
    project.set_state(api::PROJECT_STATE_CLOSED);
    project.set_title(title);
    project.set_data_user("Universitetet i Eksempel");
    project.set_results_link("https://www.example.no/hofte");
    api::PublicSource& source = *project.add_registers();
    source.set_register_name("Norsk pasientregister");
    source.set_legal_reference("helseregisterloven § 19 e");
    runner_.server.Answer("ListPublicProjectsRequest", answer);
    return runner_.Run({"project", "publish", "--out", folder_.string()});
  }
  std::string Read(const std::string& name) const { return runner_.folder.Read("list/" + name); }

  CommandRunner runner_;
  fs::path folder_ = runner_.folder.path() / "list";
};

TEST_F(PublishCommand, WritesAPageThatEverybodyMayReadAndTheSameForPrograms) {
  const Result result = Publish(kHostile);
  ASSERT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_THAT(NamesIn(folder_), UnorderedElementsAre("index.html", "projects.json", "projects.csv"));
  const std::string html = Read("index.html");
  EXPECT_EQ(XmlProblem(html), "");
  EXPECT_THAT(html, HasSubstr(kEscaped));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("<a href=\"#P0041\">P0041</a>"));
  EXPECT_THAT(html, HasSubstr("<td>avsluttet</td>"));
  EXPECT_THAT(html, HasSubstr("<a href=\"https://www.example.no/hofte\">"));
  EXPECT_THAT(html, HasSubstr("Norsk pasientregister"));
  EXPECT_THAT(html, HasSubstr("helseregisterloven § 19 e"));
  const auto json = nlohmann::json::parse(Read("projects.json"));
  EXPECT_EQ(json["projects"][0]["title"], kHostile);
  EXPECT_EQ(json["made"], "2026-11-22T12:00:00Z");
  EXPECT_THAT(Read("projects.csv"), HasSubstr("P0041;closed;"));
  struct stat information {};
  ASSERT_EQ(stat((folder_ / "index.html").c_str(), &information), 0);
  EXPECT_EQ(information.st_mode & 0777, 0644U);
  ASSERT_EQ(stat(folder_.c_str(), &information), 0);
  EXPECT_EQ(information.st_mode & 0777, 0755U);
}

TEST_F(PublishCommand, ReplacesItsOwnListAndWhatAKilledRunHasLeft) {
  ASSERT_EQ(Publish("Den første").code, ExitCode::kOk);
  runner_.folder.Write("list/projects.json.part", "half");
  ASSERT_EQ(Publish("Den andre").code, ExitCode::kOk);
  EXPECT_THAT(NamesIn(folder_), UnorderedElementsAre("index.html", "projects.json", "projects.csv"));
  EXPECT_THAT(Read("index.html"), HasSubstr("Den andre"));
  EXPECT_THAT(Read("projects.json"), Not(HasSubstr("Den første")));
}

TEST_F(PublishCommand, LeavesFilesOfOthersAlone) {
  ASSERT_EQ(Publish("Den første").code, ExitCode::kOk);
  runner_.folder.Write("list/other.html", "another");
  const Result result = Publish("Den andre");
  EXPECT_EQ(result.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(result.err, HasSubstr("FILE_EXISTS"));
  EXPECT_THAT(Read("index.html"), HasSubstr("Den første"));
}

TEST_F(PublishCommand, DoesNotTakeAnotherPageForItsOwn) {
  runner_.folder.Write("list/index.html", "<html>the front page</html>");
  const Result result = Publish("Den første");
  EXPECT_EQ(result.code, ExitCode::kUsageOrFile);
  EXPECT_THAT(result.err, HasSubstr("FILE_EXISTS"));
  EXPECT_EQ(Read("index.html"), "<html>the front page</html>");
}

TEST_F(PublishCommand, KeepsTheOldListWhenTheServerRefuses) {
  ASSERT_EQ(Publish("Den første").code, ExitCode::kOk);
  runner_.server.Fail("ListPublicProjectsRequest", MarkFromServer(MakeError(Reason::kDraining)));
  EXPECT_NE(runner_.Run({"project", "publish", "--out", folder_.string()}).code, ExitCode::kOk);
  EXPECT_THAT(Read("index.html"), HasSubstr("Den første"));
}

}  // namespace
}  // namespace kobling::client
