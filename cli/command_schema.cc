#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "millrace/pipeline.h"

namespace millrace::cli {

void AddSchema(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("schema", "Print the JSON Schema of a config");
  SetExamples(*command,
              "millrace schema > pipeline.schema.json  # for an editor that completes YAML");
  command->callback([&session] {
    session.action = [] {
      std::string schema = PipelineSchema();
      if (schema.empty() || schema.back() != '\n') schema += '\n';
      PrintOut(schema);
      return 0;
    };
  });
}

}  // namespace millrace::cli
