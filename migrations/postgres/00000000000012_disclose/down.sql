DROP TABLE free_texts;
