#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "millrace/onboarding.h"

namespace millrace::cli {
namespace {

struct InitOptions {
  ProposeOptions propose;
  bool force = false;
};

int Init(const Session& session, const InitOptions& options) {
  const std::string& out = options.propose.out;
  std::error_code error;
  if (!options.force && std::filesystem::exists(out, error)) {
    return Fail(session, MakeError(ErrorCode::kBadValue, "there is a file `" + out + "` already",
                                   "--force replaces it, --out names another"));
  }
  const Result<Proposal> proposal = ProposePipeline(options.propose);
  if (!proposal.ok()) return Fail(session, proposal.status());
  const Status written = WriteProposal(*proposal, out, options.force);
  if (!written.ok()) return Fail(session, written);
  PrintOut(session.json ? proposal->ToJson() + "\n" : RenderProposal(*proposal, out));
  return 0;
}

}  // namespace

void AddInit(CLI::App& app, Session& session) {
  auto options = std::make_shared<InitOptions>();
  options->propose.out = "pipeline.yaml";
  CLI::App* command =
      app.add_subcommand("init", "Look at data and write a config that runs as it is");
  command->add_option("--from", options->propose.from, "A file, a folder, a pattern or a URL")
      ->option_text("PATH")
      ->required();
  command->add_option("--out", options->propose.out, "The config to write (default: pipeline.yaml)")
      ->option_text("FILE");
  command->add_option("--name", options->propose.name, "The pipeline's name (default: the data's)")
      ->option_text("NAME");
  command->add_flag("--force", options->force, "Replace the config that is there");
  command->add_flag("--allow-private-addresses", options->propose.allow_private_addresses,
                    "Of a URL: a web server in a private network or on this machine is meant");
  SetExamples(*command,
              "millrace init --from data/tickets.csv              # writes pipeline.yaml\n"
              "millrace init --from data/ --out corpus.yaml       # one source per kind of file\n"
              "millrace init --from 'in/*.jsonl.gz' --name notes  # a pattern, in quotes\n"
              "millrace init --from s3://open-data/2026/          # what everybody may read");
  command->callback([&session, options] {
    session.action = [&session, options] { return Init(session, *options); };
  });
}

}  // namespace millrace::cli
