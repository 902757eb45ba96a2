// The public list of projects, as files for a web server.
#include "client/commands/all_commands.h"
#include "client/public_list.h"
#include "client/report_folder.h"

namespace kobling::client {
namespace {

absl::StatusOr<ExitCode> Publish(Session& session, const std::string& folder) {
  const std::vector<std::string> names = {"index.html", "projects.json", "projects.csv"};
  KOBLING_RETURN_IF_ERROR(CheckOwnFolder(folder, names, kPublicListGenerator));
  KOBLING_ASSIGN_OR_RETURN(const api::ListPublicProjectsResponse list,
                           session.Ask(&Connection::ListPublicProjects, api::ListPublicProjectsRequest()));
  KOBLING_RETURN_IF_ERROR(
      WriteFolder(folder, PublicListFiles(list, session.clock().Now()), Overwrite::kAllow, Readers::kEverybody));
  session.Note("the list of " + std::to_string(list.projects_size()) + " projects is in " + folder);
  return ExitCode::kOk;
}

}  // namespace

void AddPublishCommand(CommandTree& tree, CLI::App& project) {
  Command publish =
      tree.AddCommand(project, {.name = "publish",
                                .about = "Writes what the public may know of the projects: a page, CSV and JSON.",
                                .examples = {"kobling project publish --out /srv/www/projects"},
                                .methods = {"ProjectService/ListPublicProjects"}});
  const TextValue folder = publish.Text("--out", "Folder of its own for the files; an earlier list in it is replaced",
                                        Command::Need::kRequired);
  publish.Run([folder](Session& session) { return Publish(session, *folder); });
}

}  // namespace kobling::client
