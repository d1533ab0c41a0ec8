-- Sessions of people, their drafts, and the posts that they have made once.

SELECT 1;
