DROP TABLE trusted_agents;
DROP TABLE documents;
