// One function per command: adds it to the command line. Each lives in command_<name>.cc.
#pragma once

#include "cli/session.h"

namespace millrace::cli {

void AddInit(CLI::App& app, Session& session);
void AddValidate(CLI::App& app, Session& session);
void AddPlan(CLI::App& app, Session& session);
void AddPreview(CLI::App& app, Session& session);
void AddRun(CLI::App& app, Session& session);
void AddRethreshold(CLI::App& app, Session& session);
void AddInspect(CLI::App& app, Session& session);
void AddCheck(CLI::App& app, Session& session);
void AddStatus(CLI::App& app, Session& session);
void AddVerify(CLI::App& app, Session& session);
void AddGc(CLI::App& app, Session& session);
void AddDoctor(CLI::App& app, Session& session);
void AddExplain(CLI::App& app, Session& session);
void AddOperators(CLI::App& app, Session& session);
void AddApprove(CLI::App& app, Session& session);
void AddReleases(CLI::App& app, Session& session);
void AddDiff(CLI::App& app, Session& session);
void AddTrace(CLI::App& app, Session& session);
void AddSchema(CLI::App& app, Session& session);
void AddCompletion(CLI::App& app, Session& session);

}  // namespace millrace::cli
